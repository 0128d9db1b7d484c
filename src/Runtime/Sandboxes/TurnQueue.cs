namespace Sleigh.Runtime;

/// <summary>
/// One change at a time in a sandbox, in order of arrival (contract 1.7). A change that has waited too long gives up; when the
/// sandbox is deleted, waiting ones end at once.
/// </summary>
internal sealed class TurnQueue
{
    /// <summary>How long a change waits for its turn.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(20);

    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<bool>> _waiting = [];
    private readonly TimeProvider _time;
    private string? _holder;
    private bool _closed;

    public TurnQueue(TimeProvider time) => _time = time;

    /// <summary>Waits for the turn; dispose the result to pass it on.</summary>
    /// <param name="sandbox">For the error text.</param>
    /// <param name="operation">What the change is, such as <c>snapshot</c>.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.SandboxBusy"/> or, after a delete, <see cref="ErrorKind.NotFound"/>.</exception>
    public async Task<IDisposable> EnterAsync(SandboxId sandbox, string operation, CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource<bool>> node;
        lock (_lock)
        {
            if (_closed)
            {
                throw RuntimeException.NoSandbox(sandbox);
            }

            if (_holder is null)
            {
                _holder = operation;
                return new Turn(this);
            }

            node = _waiting.AddLast(new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        bool granted;
        try
        {
            granted = await node.Value.Task.WaitAsync(MaxWait, _time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            bool stillWaiting;
            string? holder;
            lock (_lock)
            {
                holder = _holder;
                stillWaiting = node.List is not null;
                if (stillWaiting)
                {
                    _waiting.Remove(node);
                }
            }

            if (!stillWaiting && await node.Value.Task)
            {
                Pass();
            }

            if (e is OperationCanceledException)
            {
                throw;
            }

            throw new RuntimeException(
                ErrorKind.SandboxBusy, $"sandbox {sandbox} is busy: another change ({holder}) has held it for {MaxWait.TotalSeconds:0}s")
            {
                Hint = "wait a little and send the request again",
                Details = new Dictionary<string, object> { ["operation"] = holder ?? operation },
            };
        }

        if (!granted)
        {
            throw RuntimeException.NoSandbox(sandbox);
        }

        lock (_lock)
        {
            _holder = operation;
        }

        return new Turn(this);
    }

    /// <summary>Waits for the change under way, also after <see cref="Close"/>: for the work that removes the sandbox.</summary>
    public async Task<IDisposable> EnterLastAsync()
    {
        TaskCompletionSource<bool> mine = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_holder is null)
            {
                _holder = "delete";
                return new Turn(this);
            }

            _waiting.AddLast(mine);
        }

        await mine.Task;
        return new Turn(this);
    }

    /// <summary>Refuses all waiting and later changes; the sandbox is being deleted.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            foreach (TaskCompletionSource<bool> waiter in _waiting)
            {
                waiter.TrySetResult(false);
            }

            _waiting.Clear();
        }
    }

    private void Pass()
    {
        lock (_lock)
        {
            LinkedListNode<TaskCompletionSource<bool>>? next = _waiting.First;
            if (next is null)
            {
                _holder = null;
                return;
            }

            _waiting.Remove(next);
            next.Value.SetResult(true);
        }
    }

    private sealed class Turn(TurnQueue queue) : IDisposable
    {
        private TurnQueue? _queue = queue;

        public void Dispose() => Interlocked.Exchange(ref _queue, null)?.Pass();
    }
}
