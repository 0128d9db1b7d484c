namespace Sleigh.Runtime;

/// <summary>The snapshots that callers can see, in the order they were taken.</summary>
internal sealed class SnapshotTable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SandboxId, List<Snapshot>> _bySandbox = [];

    /// <summary>Snapshots of a sandbox, oldest first.</summary>
    public IReadOnlyList<Snapshot> Of(SandboxId sandbox)
    {
        lock (_lock)
        {
            return _bySandbox.TryGetValue(sandbox, out List<Snapshot>? list) ? [.. list] : [];
        }
    }

    /// <summary>All there are, those of a sandbox oldest first.</summary>
    public IReadOnlyList<Snapshot> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _bySandbox.Values.SelectMany(list => list)];
            }
        }
    }

    public Snapshot? Find(SnapshotId id)
    {
        lock (_lock)
        {
            return _bySandbox.Values.SelectMany(list => list).FirstOrDefault(s => s.Id == id);
        }
    }

    public void Add(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (!_bySandbox.TryGetValue(snapshot.Sandbox, out List<Snapshot>? list))
            {
                _bySandbox.Add(snapshot.Sandbox, list = []);
            }

            list.Add(snapshot);
        }
    }

    /// <summary>Changes a snapshot that is there.</summary>
    public void Change(SnapshotId id, Func<Snapshot, Snapshot> change)
    {
        lock (_lock)
        {
            foreach (List<Snapshot> list in _bySandbox.Values)
            {
                if (list.FindIndex(s => s.Id == id) is >= 0 and int at)
                {
                    list[at] = change(list[at]);
                }
            }
        }
    }

    /// <summary>Takes a snapshot out; its children get its parent.</summary>
    public void Remove(Snapshot snapshot)
    {
        lock (_lock)
        {
            if (_bySandbox.TryGetValue(snapshot.Sandbox, out List<Snapshot>? list))
            {
                list.RemoveAll(s => s.Id == snapshot.Id);
                for (int i = 0; i < list.Count; i++)
                {
                    list[i] = list[i].Parent == snapshot.Id
                        ? list[i] with { Parent = snapshot.Parent, IsSameAsParent = list[i].IsSameAsParent && snapshot.IsSameAsParent }
                        : list[i];
                }
            }
        }
    }

    public void RemoveOf(SandboxId sandbox)
    {
        lock (_lock)
        {
            _bySandbox.Remove(sandbox);
        }
    }
}
