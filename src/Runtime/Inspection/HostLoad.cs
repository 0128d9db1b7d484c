namespace Sleigh.Runtime;

/// <summary>What the host and its sandboxes use at one moment.</summary>
public sealed record HostLoad
{
    /// <summary>When it was read.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Logical cores.</summary>
    public required int Cores { get; init; }

    /// <summary>The load average of the last minute.</summary>
    public required double Load1 { get; init; }

    /// <summary>Memory of the host.</summary>
    public required long MemoryTotalBytes { get; init; }

    /// <summary>Memory that can still be given out.</summary>
    public required long MemoryAvailableBytes { get; init; }

    /// <summary>Share of the last 10 s in which a task of the host was stalled for lack of memory, in percent; null without PSI.</summary>
    public double? MemorySomeAvg10 { get; init; }

    /// <summary>Slots ready now.</summary>
    public required int PoolAvailable { get; init; }

    /// <summary>Slots the pool aims for now.</summary>
    public required int PoolTarget { get; init; }

    /// <summary>The sandboxes, oldest first.</summary>
    public required IReadOnlyList<SandboxLoad> Sandboxes { get; init; }
}
