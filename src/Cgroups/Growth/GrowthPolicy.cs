namespace Sleigh.Cgroups.Growth;

/// <summary>
/// When a brake and a wall rise and fall. Pure: it sees samples and figures, and touches no clock and no file. Counters are compared,
/// wake-ups are never counted. Whatever it is given: a wall is never set below what is in use, a brake never above its wall, growth
/// never passes the ceiling or the room, give-back never goes below the start.
/// </summary>
public static partial class GrowthPolicy
{
    // The kernel lets a task that is over its brake sleep 2 s at most before it tries again (MEMCG_MAX_HIGH_DELAY_JIFFIES, Linux 6.1):
    // whoever still needs memory is heard of in this time.
    private static readonly TimeSpan EpisodeGap = TimeSpan.FromSeconds(10);

    // An episode is over well below where it began, so that a working set at the edge is one episode and not many.
    private const double EpisodeEnd = 0.1;

    private const long LeastStep = 16 * GrowthOptions.MiB;

    /// <summary>
    /// Looks at one sample. <see cref="MemoryDecision.Refuse.Again"/> tells a refusal that goes on from a new one; while one goes on for lack
    /// of room, each further call asks again although no counter has moved.
    /// </summary>
    public static GrowthStep Decide(MemorySample sample, GrowthState state, GrowthBounds bounds, GrowthOptions options, HostRoom room)
    {
        if (state.Last is not { } last)
        {
            GrowthState first = state with { Last = sample, SlopeFrom = sample, StallFrom = sample, LastTrouble = sample.At };
            return new GrowthStep(new MemoryDecision.Keep("first sample"), first);
        }

        Signs signs = Signs.Read(sample, last, state, options);
        GrowthState seen = Remember(sample, state, signs, options);
        if (Trigger(signs, seen, bounds) is { } trigger)
        {
            return Grow(sample, signs, seen, bounds, options, room, trigger);
        }

        // Page cache at the brake is no trouble: it would hold for ever a promise that only cache uses.
        return signs.IsStalled
            ? Keep(seen, $"stalled {signs.Stalled.TotalMilliseconds:F0} ms, and the working set is not near the brake")
            : GiveBack(sample, last, seen, bounds, options) is { } step ? step
            : Keep(seen, signs.IsReached ? "brake reached by page cache that can be dropped" : "nothing to do");
    }

    /// <summary>The wall that belongs to a brake, in bytes, whole MiB: without the ceiling.</summary>
    public static long WallOf(long brake, GrowthOptions options) =>
        Math.Max(Mebibytes.Up(brake), Mebibytes.Up((brake * options.WallFactor) + options.WallMargin));

    /// <summary>The largest brake whose wall is at most this one, in bytes, whole MiB; 0: there is none.</summary>
    public static long BrakeBelow(long wall, GrowthOptions options)
    {
        long brake = Mebibytes.Down(Mebibytes.Whole((wall - options.WallMargin) / options.WallFactor));
        while (brake > 0 && WallOf(brake, options) > wall)
        {
            brake -= GrowthOptions.MiB;
        }

        return brake;
    }

    /// <summary>What a cgroup counts as promised, in bytes: its wall once it has grown, and before what it uses.</summary>
    public static long Promised(long usage, long brake, long wall, long start) => brake > start ? Math.Max(wall, usage) : usage;

    private static GrowthStep Keep(GrowthState state, string reason) => new(new MemoryDecision.Keep(reason), state);

    private static GrowthState Remember(MemorySample sample, GrowthState state, Signs signs, GrowthOptions options)
    {
        bool trouble = signs.IsStalled || signs.IsBrakeReached;
        TimeSpan lastTrouble = trouble ? sample.At : state.LastTrouble;
        GrowthWait? waiting = state.Waiting;
        if (waiting is not null && (signs.Share < options.NearShare - EpisodeEnd || sample.At - waiting.Seen > EpisodeGap))
        {
            waiting = null;
        }

        return state with
        {
            Last = sample,
            SlopeFrom = signs.HasSlope ? sample : state.SlopeFrom ?? state.Last,
            StallFrom = signs.IsStalled || signs.IsWindowOver ? sample : state.StallFrom ?? state.Last,
            Slope = signs.Slope,
            LastTrouble = lastTrouble,
            Patience = sample.At - lastTrouble >= QuietHour ? null : state.Patience,
            Waiting = waiting,
        };
    }

    private static GrowthTrigger? Trigger(Signs signs, GrowthState seen, GrowthBounds bounds) => signs switch
    {
        { IsNear: false } => null,
        { IsBrakeReached: true } when bounds.Automatic || signs.IsWallMet => GrowthTrigger.High,
        { IsStalled: true } when bounds.Automatic => GrowthTrigger.Psi,
        { IsRising: true } => GrowthTrigger.Usage,
        _ => seen.Waiting is { Cause: RefusalCause.HostShort } waiting ? waiting.Trigger : null,
    };

    private static GrowthStep Grow(
        MemorySample sample, Signs signs, GrowthState seen, GrowthBounds bounds, GrowthOptions options, HostRoom room, GrowthTrigger trigger)
    {
        long wanted = Wanted(sample, signs.Slope, options);
        string why = signs.Why(trigger);
        MemoryDecision decision = Fit(sample, bounds, options, room, trigger, wanted, why);
        GrowthState next = seen with { LastTrouble = sample.At, Since = seen.Since ?? sample.At };
        if (decision is MemoryDecision.Refuse refusal)
        {
            bool again = seen.Waiting is { } before && before.Cause == refusal.Cause;
            TimeSpan asked = signs.IsAsking ? sample.At : seen.Waiting?.Seen ?? sample.At;
            TimeSpan since = again ? seen.Waiting!.Since : sample.At;
            return new GrowthStep(refusal with { Again = again }, next with { Waiting = new GrowthWait(trigger, refusal.Cause, since, asked, refusal.Wanted) });
        }

        return new GrowthStep(decision, next with
        {
            LastGrowth = sample.At,
            LastGiveBack = null,
            UsageAtGiveBack = null,
            Owes = true,
            Patience = PatienceAfter(sample.At, seen, options),
            Waiting = null,
        });
    }

    private static long Wanted(MemorySample sample, double slope, GrowthOptions options)
    {
        double step = Math.Clamp(sample.Brake * (options.Factor - 1), LeastStep, Math.Max(LeastStep, options.LargestStep));
        double stepped = sample.Brake + step;
        double needed = sample.Usage + (slope * options.LookAhead.TotalSeconds);
        return Mebibytes.Up(Math.Max(stepped, needed));
    }

    private static MemoryDecision Fit(
        MemorySample sample, GrowthBounds bounds, GrowthOptions options, HostRoom room, GrowthTrigger trigger, long wanted, string why)
    {
        if (!bounds.Automatic)
        {
            return new MemoryDecision.Refuse(trigger, wanted, RefusalCause.Off, $"{why}; refused: automatic growth is off");
        }

        long ceiling = Mebibytes.Down(bounds.Ceiling);
        if (sample.Brake >= ceiling)
        {
            return new MemoryDecision.Refuse(
                trigger, wanted, RefusalCause.Ceiling, $"{why}; refused: it stands at its ceiling of {Mebibytes.Text(ceiling)}");
        }

        long highest = HighestWall(sample, bounds, room);
        long brake = Math.Min(wanted, ceiling);
        if (Math.Min(WallOf(brake, options), ceiling) > highest)
        {
            brake = BrakeBelow(highest, options);
            if (highest < sample.Wall || brake < Mebibytes.Add(sample.Brake, LeastStep))
            {
                return new MemoryDecision.Refuse(trigger, wanted, RefusalCause.HostShort, $"{why}; refused: {room.Reason}");
            }

            why = $"{why}; {Mebibytes.Text(wanted)} wanted, cut to {Mebibytes.Text(brake)}: {room.Reason}";
        }
        else if (wanted > ceiling)
        {
            why = $"{why}; {Mebibytes.Text(wanted)} wanted, cut to the ceiling of {Mebibytes.Text(ceiling)}";
        }

        long wall = Math.Max(sample.Wall, Math.Min(WallOf(brake, options), ceiling));
        return new MemoryDecision.Grow(brake, wall, trigger, wanted, why);
    }

    private static long HighestWall(MemorySample sample, GrowthBounds bounds, HostRoom room) =>
        Mebibytes.Down(Mebibytes.Add(Promised(sample.Usage, sample.Brake, sample.Wall, bounds.Start), Math.Max(0, room.Bytes)));
}
