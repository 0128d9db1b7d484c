using Sleigh.Cgroups;

namespace Sleigh.Runtime.Memory;

/// <summary>A sandbox's memory at one moment. Figures that the kernel does not have, or that need a running sandbox, are null.</summary>
public sealed record SandboxMemory
{
    /// <summary>The sandbox as callers see it.</summary>
    public required Sandbox Sandbox { get; init; }

    /// <summary>Whether it runs; where not, no figure of the kernel is set.</summary>
    public required bool Running { get; init; }

    /// <summary>What it was started with; memory is never given back below it. MB.</summary>
    public required int StartMb { get; init; }

    /// <summary>The limit in force in MB: the brake while growth is on, else the wall.</summary>
    public required int LimitMb { get; init; }

    /// <summary><c>memory.high</c>; null: no brake.</summary>
    public long? BrakeBytes { get; init; }

    /// <summary><c>memory.max</c>, or the runtime's limit where version 1 has the memory controller.</summary>
    public required long WallBytes { get; init; }

    /// <summary>The ceiling.</summary>
    public required long CeilingBytes { get; init; }

    /// <summary>Memory in use, page cache included.</summary>
    public long? UsageBytes { get; init; }

    /// <summary>Memory in use without page cache that can be dropped.</summary>
    public long? WorkingSetBytes { get; init; }

    /// <summary>Stall figures of its cgroup.</summary>
    public Pressure? Pressure { get; init; }

    /// <summary>Counters since it was started.</summary>
    public MemoryEvents Events { get; init; }

    /// <summary>What the ledger counts as promised to it.</summary>
    public long PromisedBytes { get; init; }

    /// <summary>Whether a growth was refused and is tried again as soon as room appears.</summary>
    public bool IsWaiting { get; init; }

    /// <summary>Whether it is frozen to save memory.</summary>
    public bool IsSqueezed { get; init; }

    /// <summary>Why it does not grow by itself: the host cannot, or it is switched off for this sandbox; null: it does.</summary>
    public string? GrowthOff { get; init; }

    /// <summary>CPU limit reached: share of the scheduler's periods in which it was throttled since its start; null without a limit.</summary>
    public double? CpuThrottledShare { get; init; }

    /// <summary>The kept decisions, newest first.</summary>
    public IReadOnlyList<MemoryRecord> Decisions { get; init; } = [];
}
