namespace Sleigh.Runtime.Memory;

/// <summary>The ledger at one moment. Bytes.</summary>
public sealed record HostMemory
{
    /// <summary>MemTotal.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>MemAvailable.</summary>
    public required long AvailableBytes { get; init; }

    /// <summary>What is never promised.</summary>
    public required long ReserveBytes { get; init; }

    /// <summary>Total less reserve.</summary>
    public required long BudgetBytes { get; init; }

    /// <summary>The sum of all limits in force.</summary>
    public required long LimitsBytes { get; init; }

    /// <summary>The sum of what is promised: the wall of a sandbox that has grown, and what the others use.</summary>
    public required long PromisedBytes { get; init; }

    /// <summary>What sandboxes use now, page cache included.</summary>
    public required long UsedBytes { get; init; }

    /// <summary>What could be taken back without harm: page cache, and promises nobody uses.</summary>
    public required long ReclaimableBytes { get; init; }

    /// <summary>What could be promised now.</summary>
    public required long RoomBytes { get; init; }

    /// <summary>What sets that bound, or why nothing is promised on this host.</summary>
    public required string RoomReason { get; init; }

    /// <summary>Why limits do not grow by themselves on this host; null: they do.</summary>
    public string? Unavailable { get; init; }

    /// <summary>How stalls are heard of, in words: the window and threshold in force, or why there is no trigger.</summary>
    public required string Signals { get; init; }
}
