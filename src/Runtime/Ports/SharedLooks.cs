namespace Sleigh.Runtime;

/// <summary>
/// One look for all who wait: however many there are, what they wait for is looked at once at a time, often at first and then ever more seldom (as
/// <see cref="PortWaitPace"/> says), and not at all while nobody waits.
/// </summary>
/// <param name="look">Takes a look; what it throws, all who wait for it get.</param>
/// <param name="time">The clock.</param>
internal sealed class SharedLooks<T>(Func<T> look, TimeProvider time)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource<T>? _next;
    private bool _runs;

    /// <summary>The result of a look that is taken after this call.</summary>
    public Task<T> NextAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _next ??= new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_runs)
            {
                _runs = true;
                _ = Task.Run(RunAsync, CancellationToken.None);
            }

            return _next.Task.WaitAsync(cancellationToken);
        }
    }

    private async Task RunAsync()
    {
        for (PortWaitPace pace = new(); ;)
        {
            await Task.Delay(pace.Next(), time);
            TaskCompletionSource<T> due;
            lock (_lock)
            {
                if (_next is null)
                {
                    _runs = false;
                    return;
                }

                (due, _next) = (_next, null);
            }

            Take(due);
        }
    }

    private void Take(TaskCompletionSource<T> due)
    {
        try
        {
            due.SetResult(look());
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            due.SetException(e);
        }
    }
}
