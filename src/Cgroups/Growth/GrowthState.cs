namespace Sleigh.Cgroups.Growth;

/// <summary>What the policy remembers of a cgroup between two samples.</summary>
public sealed record GrowthState
{
    /// <summary>The sample before; null at first.</summary>
    public MemorySample? Last { get; init; }

    /// <summary>The sample from which the next slope is measured: <see cref="Last"/>, or an earlier one where that came too soon to tell.</summary>
    public MemorySample? SlopeFrom { get; init; }

    /// <summary>The sample from which stalled time is counted: at most about a window old, and never before the last stall that was acted on.</summary>
    public MemorySample? StallFrom { get; init; }

    /// <summary>How fast the working set grew between two samples, in bytes a second; never negative.</summary>
    public double Slope { get; init; }

    /// <summary>The last moment at which a stall, a reached brake or a growth was seen.</summary>
    public TimeSpan LastTrouble { get; init; }

    /// <summary>The last growth; null: it never grew.</summary>
    public TimeSpan? LastGrowth { get; init; }

    /// <summary>The last step of a give-back; null: none since the last growth.</summary>
    public TimeSpan? LastGiveBack { get; init; }

    /// <summary>What was in use at <see cref="LastGiveBack"/>.</summary>
    public long? UsageAtGiveBack { get; init; }

    /// <summary>Whether something of what the last growth took is still to be given back.</summary>
    public bool Owes { get; init; }

    /// <summary>How long without trouble before memory is given back; longer each time a give-back was followed by a growth soon.</summary>
    public TimeSpan? Patience { get; init; }

    /// <summary>The refusal that goes on; null: none. With <see cref="RefusalCause.HostShort"/> the policy asks again at each sample.</summary>
    public GrowthWait? Waiting { get; init; }

    /// <summary>The first growth or refusal since its memory was last given back wholly; null: none.</summary>
    public TimeSpan? Since { get; init; }
}
