namespace Sleigh.Cgroups.Growth;

public static partial class GrowthPolicy
{
    private static readonly TimeSpan QuietHour = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan SoonAfterGiveBack = TimeSpan.FromMinutes(1);

    // The sampler comes each second; a sample that an event brings in between takes no step.
    private static readonly TimeSpan GiveBackPace = TimeSpan.FromMilliseconds(900);

    // A stall of this share of what asks for growth ends a give-back.
    private const int StallShare = 5;

    // A give-back step takes this part of what is left to take, or the least step where that is more.
    private const int StepShare = 4;

    private static TimeSpan? PatienceAfter(TimeSpan at, GrowthState seen, GrowthOptions options)
    {
        if (seen.LastGiveBack is not { } gave || at - gave >= SoonAfterGiveBack)
        {
            return seen.Patience;
        }

        TimeSpan twice = 2 * (seen.Patience ?? options.GiveBackAfter);
        TimeSpan longest = options.GiveBackAfter > LongestPatience ? options.GiveBackAfter : LongestPatience;
        return twice < longest ? twice : longest;
    }

    private static GrowthStep? GiveBack(MemorySample sample, MemorySample last, GrowthState seen, GrowthBounds bounds, GrowthOptions options)
    {
        bool isGrown = sample.Brake > bounds.Start;
        if (!bounds.Automatic || (!isGrown && !seen.Owes))
        {
            return null;
        }

        TimeSpan stalled = sample.Stalled - last.Stalled;
        if (stalled >= options.StallThreshold / StallShare)
        {
            return Keep(seen with { LastTrouble = sample.At }, $"stalled {stalled.TotalMilliseconds:F0} ms; nothing is given back");
        }

        if (sample.At - seen.LastTrouble < (seen.Patience ?? options.GiveBackAfter) || sample.At - seen.LastGiveBack < GiveBackPace)
        {
            return null;
        }

        return TakeStep(sample, seen, bounds, options);
    }

    private static GrowthStep TakeStep(MemorySample sample, GrowthState seen, GrowthBounds bounds, GrowthOptions options)
    {
        long needed = Mebibytes.Whole(sample.WorkingSet * options.GiveBackSlack);
        long target = Math.Max(Mebibytes.Up(bounds.Start), Mebibytes.Up(needed));
        bool isAbove = sample.Brake > target;

        // At the target, page cache that comes back as fast as it is dropped is in use.
        bool comesBack = !isAbove && sample.Usage >= (seen.UsageAtGiveBack ?? long.MaxValue);
        long reclaim = isAbove || (seen.Owes && !comesBack) ? Mebibytes.Down(Math.Min(options.ReclaimStep, sample.Usage - needed)) : 0;
        long brake = isAbove ? NextBrake(sample, target, reclaim) : sample.Brake;
        long wall = NextWall(sample, brake, bounds, options);
        if (brake == sample.Brake && wall == sample.Wall && reclaim == 0)
        {
            return Keep(seen with { Owes = seen.Owes && isAbove, Since = sample.Brake > bounds.Start ? seen.Since : null }, "given back: the brake stands at what is needed");
        }

        string reason = $"quiet for {(sample.At - seen.LastTrouble).TotalSeconds:F0} s: "
            + $"working set {Mebibytes.Text(sample.WorkingSet)}, brake towards {Mebibytes.Text(target)}";
        return new GrowthStep(
            new MemoryDecision.GiveBack(brake, wall, reclaim, reason),
            seen with { LastGiveBack = sample.At, UsageAtGiveBack = sample.Usage });
    }

    // Never below what will be in use once this step has reclaimed, so that nobody is slowed by it.
    private static long NextBrake(MemorySample sample, long target, long reclaim)
    {
        long step = Math.Max((sample.Brake - target) / StepShare, LeastStep);
        long next = Math.Max(target, Mebibytes.Up(Math.Max(sample.Brake - step, sample.Usage - reclaim)));
        return Math.Min(next, sample.Brake);
    }

    private static long NextWall(MemorySample sample, long brake, GrowthBounds bounds, GrowthOptions options)
    {
        long wall = Math.Min(WallOf(brake, options), Math.Max(brake, Mebibytes.Down(bounds.Ceiling)));
        return Math.Min(sample.Wall, Math.Max(wall, Mebibytes.Up(Mebibytes.Add(sample.Usage, LeastStep))));
    }
}
