namespace Sleigh.Runtime.Memory;

/// <summary>The newest decisions about one sandbox's memory. Safe for use by several threads.</summary>
internal sealed class MemoryHistory
{
    /// <summary>How many are kept.</summary>
    public const int Kept = 64;

    private readonly Lock _lock = new();
    private readonly LinkedList<MemoryRecord> _newestFirst = [];

    /// <summary>Keeps one more; the oldest makes room. Steps of one give-back are one entry.</summary>
    public void Add(MemoryRecord record)
    {
        lock (_lock)
        {
            if (record.Action == MemoryAction.GivenBack && _newestFirst.First?.Value is { Action: MemoryAction.GivenBack } before)
            {
                _newestFirst.First!.Value = record with { FromMb = before.FromMb, GivenBackBytes = before.GivenBackBytes + record.GivenBackBytes };
                return;
            }

            _newestFirst.AddFirst(record);
            if (_newestFirst.Count > Kept)
            {
                _newestFirst.RemoveLast();
            }
        }
    }

    /// <summary>All that are kept, newest first.</summary>
    public IReadOnlyList<MemoryRecord> Newest()
    {
        lock (_lock)
        {
            return [.. _newestFirst];
        }
    }

    /// <summary>Growth and refusals from one moment to another, both included, oldest first.</summary>
    public IReadOnlyList<MemoryRecord> Growth(DateTimeOffset from, DateTimeOffset to)
    {
        lock (_lock)
        {
            return [.. _newestFirst.Where(r => r.IsGrowth && r.Time >= from && r.Time <= to).Reverse()];
        }
    }
}
