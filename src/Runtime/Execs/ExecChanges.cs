namespace Sleigh.Runtime;

/// <summary>
/// Tells one follower that an exec may have changed: more output, or its end. Changes are not counted: after each one look at
/// everything. Disposing it ends the watching.
/// </summary>
public sealed class ExecChanges : IDisposable
{
    private readonly Lock _lock = new();
    private IDisposable? _source;
    private TaskCompletionSource? _waiter;
    private bool _changed;
    private bool _disposed;

    /// <summary>Completes when something has changed since the last call that completed.</summary>
    public Task NextAsync()
    {
        lock (_lock)
        {
            if (_changed)
            {
                _changed = false;
                return Task.CompletedTask;
            }

            _waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _waiter.Task;
        }
    }

    /// <summary>Something has changed; from any thread.</summary>
    public void Signal()
    {
        lock (_lock)
        {
            _changed = _waiter is null;
            _waiter?.TrySetResult();
            _waiter = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _source?.Dispose();
        }
    }

    /// <summary>What is disposed of with it.</summary>
    internal void Own(IDisposable source)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                source.Dispose();
            }

            _source = source;
        }
    }
}
