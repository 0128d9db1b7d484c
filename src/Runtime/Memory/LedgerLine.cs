using Sleigh.Cgroups.Growth;

namespace Sleigh.Runtime.Memory;

/// <summary>One sandbox in the ledger. Bytes.</summary>
public sealed record LedgerLine
{
    /// <summary>
    /// So long after a growth the next step is kept for the same sandbox: while a burst goes on, its notifications come some milliseconds
    /// apart. Chosen by the simulation (50 agents on 28 GB): without it all stand still, and a longer one holds up others.
    /// </summary>
    public static readonly TimeSpan StillGrowing = TimeSpan.FromMilliseconds(300);

    /// <summary>Its id.</summary>
    public required string Name { get; init; }

    /// <summary>In use, page cache included.</summary>
    public required long Usage { get; init; }

    /// <summary>In use without page cache that can be dropped.</summary>
    public required long WorkingSet { get; init; }

    /// <summary>In use without any page cache: what can go to swap alone; null: the working set.</summary>
    public long? Held { get; init; }

    /// <summary>The brake in force.</summary>
    public required long Brake { get; init; }

    /// <summary>The wall in force.</summary>
    public required long Wall { get; init; }

    /// <summary>What was asked for; nothing is taken back below it.</summary>
    public required long Start { get; init; }

    /// <summary>Whether no command runs in it and nothing of it grew lately.</summary>
    public bool Idle { get; init; }

    /// <summary>Who is higher may have those frozen who are lower.</summary>
    public int Priority { get; init; }

    /// <summary>Whether it is frozen now.</summary>
    public bool Frozen { get; init; }

    /// <summary>Since when it needs more than its start, on a clock that only goes forward; null: it does not.</summary>
    public TimeSpan? Since { get; init; }

    /// <summary>What its wall lacks to the one that it waits for, or to its next step while it is growing.</summary>
    public long Missing { get; init; }

    /// <summary>The line with what the policy remembers of growth and refusals.</summary>
    /// <param name="state">What it remembers.</param>
    /// <param name="now">The moment, on the clock of the samples.</param>
    /// <param name="bounds">The sandbox's bounds.</param>
    /// <param name="options">The policy's figures.</param>
    public LedgerLine With(GrowthState state, TimeSpan now, GrowthBounds bounds, GrowthOptions options)
    {
        long wanted = state.Waiting is { Cause: RefusalCause.HostShort } wait ? wait.Wanted
            : now - state.LastGrowth < StillGrowing ? Brake + (long)Math.Min(Brake * (options.Factor - 1), options.LargestStep)
            : 0;
        return this with
        {
            Since = state.Since,
            Missing = wanted == 0 ? 0 : Math.Max(0, Math.Min(bounds.Ceiling, GrowthPolicy.WallOf(wanted, options)) - Promised),
        };
    }

    /// <summary>Whether it comes before another in the queue for room: the more important first, then who has needed more for longer.</summary>
    public bool GoesBefore(LedgerLine other) => Since is TimeSpan since && Name != other.Name
        && (Priority > other.Priority
            || (Priority == other.Priority && (other.Since is not TimeSpan others || since < others
                || (since == others && string.CompareOrdinal(Name, other.Name) < 0))));

    /// <summary>What it counts as promised: its wall (or its usage, where that is more) once it has grown, and before what it uses.</summary>
    public long Promised => GrowthPolicy.Promised(Usage, Brake, Wall, Start);
}
