using FsCheck;
using FsCheck.Fluent;
using Sleigh.Cgroups.Growth;

namespace Sleigh.Cgroups.Tests.Growth;

/// <summary>The rules that hold whatever a cgroup does, on thousands of made-up ones; the seeds are fixed.</summary>
public sealed class GrowthPropertyTests
{
    private const long MiB = GrowthOptions.MiB;
    private static readonly GrowthOptions Options = new();

    // One sample in the life of a cgroup: when, how much it wants of what it may have, how much of that is cache, what the kernel counted.
    private static readonly Gen<Moment> Moments =
        from gap in Gen.Elements(0L, 1, 40_000, 100_000, 1_000_000, 10_000_000, 10_000_000, 600_000_000, 40_000_000_000)
        from usage in Gen.Choose(0, 1100)
        from cache in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(0, 1100)))
        from active in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(0, 1000)))
        from events in Gen.Choose(0, 3)
        from stall in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(0, 700)))
        from room in Gen.Elements(0L, 1, 15 * MiB, 64 * MiB, 4096 * MiB, long.MaxValue)
        select new Moment(gap, usage / 1000.0, cache / 1000.0, active / 1000.0, events, stall, room);

    private static readonly Gen<Life> Lives =
        from start in Gen.Elements(16L, 64, 256, 4096, 1L << 30, 1L << 42)
        from above in Gen.Elements(0L, 1, 100, 4096, 1L << 30, 1L << 42)
        from automatic in Gen.Frequency((5, Gen.Constant(true)), (1, Gen.Constant(false)))
        from count in Gen.Choose(1, 40)
        from moments in Gen.ArrayOf(Moments, count)
        select new Life(new GrowthBounds(start * MiB, (start + above) * MiB, automatic), moments);

    // The product's figures, and some that leave nothing between brake and wall and take much at once.
    public static TheoryData<string> Figures => ["usual", "tight"];

    [Theory]
    [MemberData(nameof(Figures))]
    public void No_decision_breaks_a_rule(string figures)
    {
        GrowthOptions options = figures == "usual" ? Options : Options with
        {
            WallFactor = 1, WallMargin = 0, Factor = 3, ReclaimStep = 4096 * MiB, GiveBackSlack = 1, GiveBackAfter = TimeSpan.FromSeconds(1),
        };
        Dictionary<Type, int> seen = [];
        foreach (Life life in Lives.Sample(20_000, new Rnd(20_260_601UL), 50))
        {
            Live(life, options, (sample, room, decision, state) =>
            {
                seen[decision.GetType()] = seen.GetValueOrDefault(decision.GetType()) + 1;
                Assert.True(double.IsFinite(state.Slope) && state.Slope >= 0, $"slope {state.Slope}");
                Assert.False(string.IsNullOrWhiteSpace(decision.Reason));
                Check(sample, life.Bounds, options, room, decision);
            });
        }

        // It would hold on nothing if no life ever grew, was refused or gave back.
        Assert.All(
            [typeof(MemoryDecision.Grow), typeof(MemoryDecision.Refuse), typeof(MemoryDecision.GiveBack), typeof(MemoryDecision.Keep)],
            type => Assert.InRange(seen.GetValueOrDefault(type), 1000, int.MaxValue));
    }

    [Fact]
    public void No_decision_on_any_numbers_overflows()
    {
        Gen<long> any = Gen.Elements(0L, 1, MiB - 1, MiB, 256 * MiB, 1L << 52, (1L << 53) + 1, long.MaxValue - MiB, long.MaxValue - 1, long.MaxValue);
        Gen<MemorySample> samples =
            from at in any
            from usage in any
            from cache in any
            from counter in any
            from stalled in any
            from brake in any
            from wall in any
            select new MemorySample
            {
                At = TimeSpan.FromTicks(at), Usage = usage, InactiveFile = cache, Events = new MemoryEvents(0, counter, counter, 0, 0, 0),
                Stalled = TimeSpan.FromTicks(stalled), Brake = brake, Wall = wall,
            };
        Gen<(MemorySample[] Samples, long Start, long Ceiling, long Room, long Target)> cases =
            from list in Gen.ArrayOf(samples, 3)
            from start in any
            from ceiling in any
            from room in any
            from target in any
            select (list.OrderBy(s => s.At).ToArray(), start, ceiling, room, target);

        foreach ((MemorySample[] list, long start, long ceiling, long room, long target) in cases.Sample(20_000, new Rnd(20_260_602UL), 10))
        {
            GrowthBounds bounds = new(start, ceiling, true);
            GrowthState state = new();
            foreach (MemorySample sample in list)
            {
                (MemoryDecision decision, state) = GrowthPolicy.Decide(sample, state, bounds, Options, new HostRoom(room, "it is full"));
                CheckNumbers(sample, decision);
                CheckNumbers(sample, GrowthPolicy.Raise(sample, bounds, Options, new HostRoom(room, "it is full"), target));
            }
        }
    }

    [Fact]
    public void Whatever_is_asked_for_by_hand_keeps_the_rules()
    {
        foreach (Life life in Lives.Sample(5000, new Rnd(20_260_603UL), 50))
        {
            Live(life, Options, (sample, room, _, _) =>
            {
                for (long target = MiB; target < life.Bounds.Ceiling && target < Mebibytes.Most / 8; target = target * 7 / 2)
                {
                    MemoryDecision decision = GrowthPolicy.Raise(sample, life.Bounds, Options, room, target);
                    Assert.True(decision is MemoryDecision.Grow or MemoryDecision.Refuse);
                    Check(sample, life.Bounds, Options, room, decision);
                }
            });
        }
    }

    [Fact]
    public void A_demand_that_only_rises_or_stays_turns_the_brake_around_a_few_times_at_most()
    {
        Gen<(double Mb, double Rate, int Cache)> demands =
            from mb in Gen.Choose(10, 3000)
            from rate in Gen.Elements(0, 0, 1, 10, 100, 1000)
            from cache in Gen.Elements(0, 0, 50, 500)
            select ((double)mb, rate / 10.0, cache);

        int turned = 0;
        foreach ((double mb, double rate, int cache) in demands.Sample(300, new Rnd(20_260_604UL), 10))
        {
            var run = new GrowthRun(startMb: 128, ceilingMb: 1 << 20);
            int turns = 0;
            bool? rose = null;
            const int Hours = 2;
            for (int second = 1; second <= Hours * 3600; second++)
            {
                double wanted = mb + (rate * second);
                (run.Usage, run.Cache) = ((int)Math.Min(wanted + cache, run.Brake), (int)Math.Clamp(run.Brake - wanted, 0, cache));
                long before = run.Brake * MiB;
                MemoryDecision decision = run.After(1, reached: wanted + cache >= run.Brake);
                bool? rises = decision is MemoryDecision.Grow ? true : decision is MemoryDecision.GiveBack back && back.Brake < before ? false : null;
                turns += rises is not null && rose is not null && rises != rose ? 1 : 0;
                rose = rises ?? rose;
            }

            turned += turns;
            // From what a give-back leaves above the working set to a full brake, that has to grow by a twentieth at least.
            double twentieths = rate > 0 ? Math.Log(Math.Max(1, (mb + (rate * Hours * 3600)) / Math.Max(mb, 128))) / Math.Log(Options.GiveBackSlack * Options.FullShare) : 0;
            Assert.True(turns <= 2 * (2 + twentieths), $"{mb} MB + {rate} MB/s, cache {cache}: {turns} turns, at most {2 * (2 + twentieths)}");
        }

        Assert.True(turned > 0);
    }

    private static void Live(Life life, GrowthOptions options, Action<MemorySample, HostRoom, MemoryDecision, GrowthState> check)
    {
        GrowthBounds bounds = life.Bounds;
        long brake = bounds.Start;
        long wall = bounds.Automatic ? Math.Min(GrowthPolicy.WallOf(brake, options), bounds.Ceiling) : brake;
        GrowthState state = new();
        MemorySample sample = new() { At = TimeSpan.Zero, Usage = 0, InactiveFile = 0, Events = default, Stalled = TimeSpan.Zero, Brake = brake, Wall = wall };
        foreach (Moment moment in life.Moments)
        {
            long usage = Math.Min(wall, (long)(brake * moment.Usage));
            sample = sample with
            {
                At = sample.At + TimeSpan.FromTicks(moment.Gap),
                Usage = usage,
                InactiveFile = (long)(usage * moment.Cache),
                ActiveFile = (long)(usage * moment.Active),
                Events = sample.Events with { High = sample.Events.High + (moment.Events & 1), Max = sample.Events.Max + (moment.Events >> 1) },
                Stalled = sample.Stalled + TimeSpan.FromMilliseconds(moment.StalledMs),
                Brake = brake,
                Wall = wall,
            };
            HostRoom room = new(moment.Room, "it is full");
            (MemoryDecision decision, state) = GrowthPolicy.Decide(sample, state, bounds, options, room);
            check(sample, room, decision, state);
            (brake, wall) = decision switch
            {
                MemoryDecision.Grow grow => (grow.Brake, grow.Wall),
                MemoryDecision.GiveBack back => (back.Brake, back.Wall),
                _ => (brake, wall),
            };
        }
    }

    private static void Check(MemorySample sample, GrowthBounds bounds, GrowthOptions options, HostRoom room, MemoryDecision decision)
    {
        switch (decision)
        {
            case MemoryDecision.Grow grow:
                Assert.True(bounds.Automatic || grow.Trigger == GrowthTrigger.Manual);
                Assert.True(grow.Brake > sample.Brake && grow.Wall >= sample.Wall, "it rises");
                Assert.True(grow.Brake <= grow.Wall && grow.Wall <= bounds.Ceiling, "brake <= wall <= ceiling");
                Assert.True(grow.Wanted >= grow.Brake);
                long held = GrowthPolicy.Promised(sample.Usage, sample.Brake, sample.Wall, bounds.Start);
                Assert.True(grow.Wall - held <= room.Bytes, "within the room");
                AssertWhole(grow.Brake, grow.Wall, grow.Wanted);
                break;
            case MemoryDecision.Refuse refusal:
                Assert.Contains("refused: ", refusal.Reason, StringComparison.Ordinal);
                Assert.True(refusal.Cause != RefusalCause.HostShort || refusal.Reason.EndsWith(room.Reason, StringComparison.Ordinal));
                break;
            case MemoryDecision.GiveBack back:
                Assert.True(bounds.Automatic);
                Assert.True(back.Brake <= sample.Brake && back.Wall <= sample.Wall, "it falls");
                Assert.True(back.Brake <= back.Wall && back.Brake >= Math.Min(bounds.Start, sample.Brake), "not below the start");
                Assert.True(back.Wall >= sample.Usage, "the wall stays above what is in use");
                Assert.True(back.Brake >= sample.Usage - back.Reclaim || back.Brake == sample.Brake, "the brake stays above what will be in use");
                Assert.True(back.Reclaim >= 0 && back.Reclaim <= options.ReclaimStep && back.Reclaim <= sample.InactiveFile, "only cache is reclaimed");
                Assert.True(back.Brake < sample.Brake || back.Wall < sample.Wall || back.Reclaim > 0, "it does something");
                AssertWhole(back.Brake, back.Wall, back.Reclaim);
                break;
        }
    }

    private static void CheckNumbers(MemorySample sample, MemoryDecision decision)
    {
        switch (decision)
        {
            case MemoryDecision.Grow grow:
                Assert.True(grow.Brake > Math.Min(sample.Brake, sample.Wall) && grow.Wall >= sample.Wall && grow.Brake <= grow.Wall, $"{sample} {grow}");
                break;
            case MemoryDecision.GiveBack back:
                Assert.True(back.Brake >= 0 && back.Brake <= sample.Brake && back.Wall <= sample.Wall && back.Reclaim >= 0);
                break;
        }
    }

    private static void AssertWhole(params long[] numbers) => Assert.All(numbers, n => Assert.Equal(0, n % MiB));

    private sealed record Moment(long Gap, double Usage, double Cache, double Active, int Events, int StalledMs, long Room);

    private sealed record Life(GrowthBounds Bounds, Moment[] Moments);
}
