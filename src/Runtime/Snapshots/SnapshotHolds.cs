namespace Sleigh.Runtime;

/// <summary>
/// Snapshots whose files are being read: their layers stay until that is done. With the copying drivers a removal would else take files out of
/// a mount that shows them.
/// </summary>
internal sealed class SnapshotHolds
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SnapshotId, int> _held = [];
    private readonly Dictionary<SnapshotId, TaskCompletionSource> _awaited = [];

    /// <summary>Holds one until the result is disposed; that it is there is looked for afterwards.</summary>
    public IDisposable Take(SnapshotId id)
    {
        lock (_lock)
        {
            _held[id] = _held.GetValueOrDefault(id) + 1;
        }

        return new Hold(this, id);
    }

    /// <summary>Completes when nobody holds it. New holds are the caller's to prevent, who has taken the snapshot out of the table.</summary>
    public Task FreeAsync(SnapshotId id)
    {
        lock (_lock)
        {
            if (!_held.ContainsKey(id))
            {
                return Task.CompletedTask;
            }

            if (!_awaited.TryGetValue(id, out TaskCompletionSource? free))
            {
                _awaited[id] = free = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return free.Task;
        }
    }

    private void Release(SnapshotId id)
    {
        TaskCompletionSource? free = null;
        lock (_lock)
        {
            if (_held[id] > 1)
            {
                _held[id]--;
            }
            else
            {
                _held.Remove(id);
                _awaited.Remove(id, out free);
            }
        }

        free?.SetResult();
    }

    private sealed class Hold(SnapshotHolds holds, SnapshotId id) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                holds.Release(id);
            }
        }
    }
}
