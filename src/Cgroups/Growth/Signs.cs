namespace Sleigh.Cgroups.Growth;

/// <summary>What a sample says beside the one before it.</summary>
internal readonly record struct Signs
{
    // Charges are taken in batches of pages per CPU, so that usage over a few milliseconds says little.
    private static readonly TimeSpan LeastSpan = TimeSpan.FromMilliseconds(5);

    /// <summary>The brake, or the wall where that is lower.</summary>
    public required long Limit { get; init; }

    /// <summary>The working set.</summary>
    public required long WorkingSet { get; init; }

    /// <summary>Working set by limit.</summary>
    public required double Share { get; init; }

    /// <summary>Whether the working set is near the limit.</summary>
    public required bool IsNear { get; init; }

    /// <summary>Whether what is held, without any page cache, is near the limit.</summary>
    public required bool IsHeldNear { get; init; }

    /// <summary>Whether what is held fills the limit.</summary>
    public required bool IsFull { get; init; }

    /// <summary>Whether usage met the brake or the wall, page cache included.</summary>
    public required bool IsReached { get; init; }

    /// <summary>Whether usage met the wall.</summary>
    public required bool IsWallMet { get; init; }

    /// <summary>Stalled time since the sample from which it is counted.</summary>
    public required TimeSpan Stalled { get; init; }

    /// <summary>Whether that is more than the threshold.</summary>
    public required bool IsStalled { get; init; }

    /// <summary>Whether stalled time is to be counted from here on.</summary>
    public required bool IsWindowOver { get; init; }

    /// <summary>Bytes a second; at least 0.</summary>
    public required double Slope { get; init; }

    /// <summary>Whether the slope was measured now.</summary>
    public required bool HasSlope { get; init; }

    /// <summary>Whether the limit will be met within the time looked ahead.</summary>
    public required bool IsRising { get; init; }

    /// <summary>Whether the limit was met, and not by page cache that can be dropped.</summary>
    public bool IsBrakeReached => IsReached && IsHeldNear && (IsRising || IsFull);

    /// <summary>Whether the kernel's figures ask for growth themselves.</summary>
    public bool IsAsking => IsBrakeReached || (IsNear && (IsStalled || IsRising));

    /// <summary>Compares.</summary>
    public static Signs Read(MemorySample sample, MemorySample last, GrowthState state, GrowthOptions options)
    {
        long limit = Math.Min(sample.Brake, sample.Wall);
        double share = limit > 0 ? (double)sample.WorkingSet / limit : 1;

        MemorySample slopeFrom = state.SlopeFrom ?? last;
        TimeSpan span = sample.At - slopeFrom.At;
        bool hasSlope = span >= LeastSpan;
        double slope = hasSlope ? Math.Max(0, sample.Held - slopeFrom.Held) / span.TotalSeconds : state.Slope;
        double heldShare = limit > 0 ? (double)sample.Held / limit : 1;

        MemorySample stallFrom = state.StallFrom ?? last;
        TimeSpan stalled = TimeSpan.FromTicks(Math.Max(0, sample.Stalled.Ticks - stallFrom.Stalled.Ticks));
        double windows = (sample.At - stallFrom.At) / options.StallWindow;

        return new Signs
        {
            Limit = limit,
            WorkingSet = sample.WorkingSet,
            Share = share,
            IsNear = share >= options.NearShare,
            IsHeldNear = heldShare >= options.NearShare,
            IsFull = heldShare >= options.FullShare,
            IsReached = sample.Events.High > last.Events.High || sample.Events.Max > last.Events.Max,
            IsWallMet = sample.Events.Max > last.Events.Max,
            Stalled = stalled,
            // A window lies somewhere in the span: what a whole span more could hold is asked for only beyond two windows.
            IsStalled = stalled >= options.StallThreshold && stalled.Ticks >= options.StallThreshold.Ticks * Math.Max(1, windows - 1),
            IsWindowOver = windows >= 1,
            Slope = slope,
            HasSlope = hasSlope,
            IsRising = heldShare >= options.NearShare && slope > 0 && sample.Held + (slope * options.LookAhead.TotalSeconds) >= limit,
        };
    }

    /// <summary>For people: what was seen.</summary>
    public string Why(GrowthTrigger trigger)
    {
        string what = trigger switch
        {
            _ when !IsAsking => "still waiting",
            GrowthTrigger.High when IsWallMet => "wall met",
            GrowthTrigger.High => "brake reached",
            GrowthTrigger.Psi => $"stalled {Stalled.TotalMilliseconds:F0} ms",
            _ => "working set near the limit",
        };

        return $"{what}: working set {Mebibytes.Text(WorkingSet)} of {Mebibytes.Text(Limit)}, rising {Slope / GrowthOptions.MiB:F0} MB/s";
    }
}
