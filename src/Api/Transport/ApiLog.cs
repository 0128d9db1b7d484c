using Microsoft.Extensions.Logging;

namespace Sleigh.Api.Transport;

/// <summary>The sentences this layer logs.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(EventId = 3001, Level = LogLevel.Information, Message = "{RequestId} {Method} {Path} {Status} {Milliseconds:F1} ms")]
    public static partial void Answered(ILogger logger, string requestId, string method, string path, int status, double milliseconds);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Error, Message = "{RequestId} failed: {Kind}: {Sentence}")]
    public static partial void Failed(ILogger logger, string requestId, string kind, string sentence, Exception? cause);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Error, Message = "{RequestId} failed in a way nobody foresaw")]
    public static partial void Unforeseen(ILogger logger, string requestId, Exception cause);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Warning, Message = "{RequestId} cut off: the response had begun when it failed")]
    public static partial void CutOff(ILogger logger, string requestId, Exception cause);
}
