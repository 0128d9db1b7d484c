using Microsoft.Extensions.Logging;

namespace Sleigh.Runtime;

/// <summary>
/// The steps of a change, undone in reverse order unless the change completes. Each undo has its own time limit, since the
/// caller's token may be the reason for undoing; one that fails is logged and left to the reconciler.
/// </summary>
internal sealed partial class UndoStack : IAsyncDisposable
{
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(20);

    private readonly ILogger _logger;
    private readonly Stack<(string Step, Func<CancellationToken, Task> Undo)> _steps = new();

    public UndoStack(ILogger logger) => _logger = logger;

    /// <summary>Adds the undo of a step that was just done.</summary>
    public void Push(string step, Func<CancellationToken, Task> undo) => _steps.Push((step, undo));

    /// <summary>The change is done; nothing is undone any more.</summary>
    public void Complete() => _steps.Clear();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_steps.TryPop(out (string Step, Func<CancellationToken, Task> Undo) entry))
        {
            using CancellationTokenSource limit = new(StepLimit);
            try
            {
                await entry.Undo(limit.Token);
            }
            catch (Exception e) when (e is IOException or RuntimeException or OperationCanceledException
                or UnauthorizedAccessException or ObjectDisposedException or Linux.Sqlite.SqliteException)
            {
                UndoFailed(_logger, entry.Step, e);
            }
        }
    }

    [LoggerMessage(EventId = 1201, EventName = "undo", Level = LogLevel.Error, Message = "Could not undo '{Step}'; the reconciler will retry")]
    private static partial void UndoFailed(ILogger logger, string step, Exception exception);
}
