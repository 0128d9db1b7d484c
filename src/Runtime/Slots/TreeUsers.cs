namespace Sleigh.Runtime.Slots;

/// <summary>
/// Those who work on the files of a slot's tree. Their descriptors pin the tree, so the end of the slot stops them and waits until
/// they have let go.
/// </summary>
internal sealed class TreeUsers : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private bool _isOver;

    public TreeUsers() => Ended = _ended.Token;

    /// <summary>Whether somebody is at work.</summary>
    public bool Any
    {
        get
        {
            lock (_lock)
            {
                return _count > 0;
            }
        }
    }

    /// <summary>Set when the slot ends.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Begins work; dispose the result to end it. Null once the slot ends.</summary>
    public IDisposable? TryEnter()
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return null;
            }

            _count++;
            return new Use(this);
        }
    }

    /// <summary>Stops all work and waits for its end; nothing new begins.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            if (_count == 0)
            {
                _idle.TrySetResult();
            }
        }

        await _ended.CancelAsync();
        await _idle.Task;
        _ended.Dispose();
    }

    private void Leave()
    {
        lock (_lock)
        {
            _count--;
            if (_count == 0 && _isOver)
            {
                _idle.TrySetResult();
            }
        }
    }

    private sealed class Use(TreeUsers users) : IDisposable
    {
        private TreeUsers? _users = users;

        public void Dispose() => Interlocked.Exchange(ref _users, null)?.Leave();
    }
}
