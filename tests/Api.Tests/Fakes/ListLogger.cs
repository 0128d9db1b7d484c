using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sleigh.Api.Tests.Fakes;

internal sealed class ListLogger : ILogger
{
    public ConcurrentQueue<string> Lines { get; } = [];

    /// <summary>The values of each line, as <c>Name=value</c>, those that are null left out.</summary>
    public ConcurrentQueue<string[]> Values { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}".TrimEnd());
        Values.Enqueue([.. (state as IEnumerable<KeyValuePair<string, object?>> ?? []).Where(v => v.Value is not null).Select(v => $"{v.Key}={v.Value}")]);
    }
}
