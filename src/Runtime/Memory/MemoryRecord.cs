using Sleigh.Cgroups.Growth;

namespace Sleigh.Runtime.Memory;

/// <summary>One decision about a sandbox's memory, with all that went into it. Kept in memory, the newest of each sandbox.</summary>
public sealed record MemoryRecord
{
    /// <summary>When it was made.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What it did.</summary>
    public required MemoryAction Action { get; init; }

    /// <summary>What set it off; null for give-back and squeezing.</summary>
    public GrowthTrigger? Trigger { get; init; }

    /// <summary>The limit before, in MB.</summary>
    public required int FromMb { get; init; }

    /// <summary>The limit after; the same where it was refused.</summary>
    public required int ToMb { get; init; }

    /// <summary>The limit that was wanted; null where nothing was.</summary>
    public int? WantedMb { get; init; }

    /// <summary>Why it was refused; null otherwise.</summary>
    public RefusalCause? Cause { get; init; }

    /// <summary>The reason in words.</summary>
    public required string Reason { get; init; }

    /// <summary>Memory in use, page cache included.</summary>
    public long UsageBytes { get; init; }

    /// <summary>Memory in use without page cache that can be dropped.</summary>
    public long WorkingSetBytes { get; init; }

    /// <summary>The wall after the decision.</summary>
    public long WallBytes { get; init; }

    /// <summary>How fast the working set grew, in bytes a second.</summary>
    public double SlopeBytesPerSecond { get; init; }

    /// <summary>Stalled time since the sample before, in microseconds.</summary>
    public long StallUsec { get; init; }

    /// <summary>What the ledger would have promised more at that moment.</summary>
    public long RoomBytes { get; init; }

    /// <summary>Bytes that were given back: lowered brake or reclaimed memory, whichever is more.</summary>
    public long GivenBackBytes { get; init; }

    /// <summary>From the kernel's notification to the written limit, in microseconds; null where no notification came.</summary>
    public long? DelayUsec { get; init; }

    /// <summary>Whether it is one of the contract's growth decisions.</summary>
    public bool IsGrowth => Action is MemoryAction.Grown or MemoryAction.Refused;
}
