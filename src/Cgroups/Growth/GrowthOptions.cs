namespace Sleigh.Cgroups.Growth;

/// <summary>The figures of the growth policy. The defaults are the product's.</summary>
public sealed record GrowthOptions
{
    /// <summary>One MiB.</summary>
    public const long MiB = 1024 * 1024;

    /// <summary>A growth takes the brake to at least this times its present value.</summary>
    public double Factor { get; init; } = 1.5;

    /// <summary>A growth covers what the measured slope needs for this long.</summary>
    public TimeSpan LookAhead { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The largest growth that no measured slope asks for.</summary>
    public long LargestStep { get; init; } = 2048 * MiB;

    /// <summary>The wall is the brake times this ...</summary>
    public double WallFactor { get; init; } = 1.25;

    /// <summary>... and this much more.</summary>
    public long WallMargin { get; init; } = 64 * MiB;

    /// <summary>Share of the brake from which the working set counts as near it.</summary>
    public double NearShare { get; init; } = 0.85;

    /// <summary>
    /// Share of the brake from which a reached brake is the working set's doing even where that does not rise. Above 1 /
    /// <see cref="GiveBackSlack"/>: else page cache that fills what a give-back left would make the brake rise and fall for ever.
    /// </summary>
    public double FullShare { get; init; } = 0.95;

    /// <summary>Stalled time in <see cref="StallWindow"/> that asks for growth.</summary>
    public TimeSpan StallThreshold { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>The window of <see cref="StallThreshold"/>.</summary>
    public TimeSpan StallWindow { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Time without stall and growth after which memory is given back.</summary>
    public TimeSpan GiveBackAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Give-back aims at the working set times this.</summary>
    public double GiveBackSlack { get; init; } = 1.1;

    /// <summary>The most that one give-back step reclaims.</summary>
    public long ReclaimStep { get; init; } = 64 * MiB;
}
