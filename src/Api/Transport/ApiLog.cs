using Microsoft.Extensions.Logging;
using Sleigh.Api.Routing;

namespace Sleigh.Api.Transport;

/// <summary>The sentences this layer logs. What they are about, as far as it is known, stands beside each in fields of its own.</summary>
internal static partial class ApiLog
{
    // The path without the query string: a token may stand there in an encoded form that no pattern finds.
    public static void Answered(Call call, int status, TimeSpan took)
    {
        ILogger logger = call.Dependencies.Logger;
        if (logger.IsEnabled(LogLevel.Information))
        {
            (string? session, string? sandbox, string? exec) = call.Found;
            Answered(
                logger, Id(call), call.Http.Request.Method, TokenText.Redact(call.Http.Request.Path.Value ?? ""), status, took.TotalMilliseconds,
                call.Operation, session, sandbox, exec);
        }
    }

    // The daemon itself asks, every few seconds, where a watchdog is.
    public static void AskedForLife(Call call, int status, TimeSpan took) =>
        AskedForLife(call.Dependencies.Logger, Id(call), status, took.TotalMilliseconds, call.Operation);

    public static void Failed(Call call, string kind, string sentence, Exception? cause)
    {
        (string? session, string? sandbox, string? exec) = call.Found;
        Failed(call.Dependencies.Logger, Id(call), kind, sentence, call.Operation, session, sandbox, exec, cause);
    }

    public static void Unforeseen(Call call, Exception cause)
    {
        (string? session, string? sandbox, string? exec) = call.Found;
        Unforeseen(call.Dependencies.Logger, Id(call), call.Operation, session, sandbox, exec, cause);
    }

    public static void CutOff(Call call, Exception cause)
    {
        (string? session, string? sandbox, string? exec) = call.Found;
        CutOff(call.Dependencies.Logger, Id(call), call.Operation, session, sandbox, exec, cause);
    }

    private static string Id(Call call) => TokenText.Redact(call.RequestId);

    // The fields are not in the sentences, and should not be.
#pragma warning disable SYSLIB1015
    [LoggerMessage(EventId = 3001, EventName = "request", Level = LogLevel.Information, Message = "{RequestId} {Method} {Path} {Status} {Milliseconds:F1} ms")]
    private static partial void Answered(
        ILogger logger, string requestId, string method, string path, int status, double milliseconds, string? operation, string? session, string? sandbox,
        string? exec);

    [LoggerMessage(EventId = 3002, EventName = "request", Level = LogLevel.Error, Message = "{RequestId} failed: {Kind}: {Sentence}")]
    private static partial void Failed(
        ILogger logger, string requestId, string kind, string sentence, string? operation, string? session, string? sandbox, string? exec, Exception? cause);

    [LoggerMessage(EventId = 3003, EventName = "request", Level = LogLevel.Error, Message = "{RequestId} failed in a way nobody foresaw")]
    private static partial void Unforeseen(
        ILogger logger, string requestId, string? operation, string? session, string? sandbox, string? exec, Exception cause);

    [LoggerMessage(EventId = 3004, EventName = "request", Level = LogLevel.Warning, Message = "{RequestId} cut off: the response had begun when it failed")]
    private static partial void CutOff(
        ILogger logger, string requestId, string? operation, string? session, string? sandbox, string? exec, Exception cause);

    [LoggerMessage(EventId = 3005, EventName = "request", Level = LogLevel.Debug, Message = "{RequestId} asked whether sleighd lives: {Status} {Milliseconds:F1} ms")]
    private static partial void AskedForLife(ILogger logger, string requestId, int status, double milliseconds, string? operation);
#pragma warning restore SYSLIB1015
}
