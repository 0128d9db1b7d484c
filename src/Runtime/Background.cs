using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime;

/// <summary>Work behind an answer. What fails is logged and left to the next start, which finishes it.</summary>
internal sealed partial class Background
{
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _work = [];

    public Background(ILogger logger) => _logger = logger;

    /// <summary>Begins the work.</summary>
    /// <param name="what">For the log.</param>
    /// <param name="work">The work; recorded beforehand, so that a start after a crash does it.</param>
    public void Run(string what, Func<Task> work) => _ = BeginAsync(what, work);

    /// <summary>As <see cref="Run"/>, for those who wait for it. The task ends with the work, well or not, and never fails.</summary>
    public Task BeginAsync(string what, Func<Task> work)
    {
        TaskCompletionSource done = new();
        lock (_lock)
        {
            _work.Add(done.Task);
        }

        _ = Task.Run(async () =>
        {
            // Work behind an answer is no part of the trace of the operation that was answered.
            Activity.Current = null;
            try
            {
                await work();
            }
            catch (Exception e) when (e is IOException or ContainerdException or SqliteException or UnauthorizedAccessException or RuntimeException
                or OperationCanceledException or ObjectDisposedException)
            {
                Failed(_logger, what, e);
            }
            finally
            {
                lock (_lock)
                {
                    _work.Remove(done.Task);
                }

                done.SetResult();
            }
        });
        return done.Task;
    }

    /// <summary>Waits for all work begun so far.</summary>
    public async Task DrainAsync()
    {
        Task[] work;
        lock (_lock)
        {
            work = [.. _work];
        }

        await Task.WhenAll(work);
    }

    [LoggerMessage(EventId = 1101, EventName = "background", Level = LogLevel.Error, Message = "Could not {What}; the next start of the daemon will")]
    private static partial void Failed(ILogger logger, string what, Exception exception);
}
