using FsCheck;
using FsCheck.Fluent;
using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Memory;

namespace Sleigh.Runtime.Tests.Memory;

/// <summary>The rules of the ledger on thousands of made-up hosts; the seeds are fixed.</summary>
public sealed class LedgerPropertyTests
{
    private const long MiB = GrowthOptions.MiB;
    private static readonly GrowthOptions Options = new();

    private static readonly Gen<LedgerLine> Lines =
        from start in Gen.Elements(16, 128, 256, 1024)
        from grown in Gen.Elements(1.0, 1.0, 1.5, 3, 8)
        from usage in Gen.Choose(0, 1000)
        from cache in Gen.Elements(0.0, 0.2, 0.9)
        from idle in Gen.Elements(true, false)
        from priority in Gen.Choose(0, 3)
        from frozen in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
        select Make((long)(start * grown) * MiB, start * MiB, usage / 1000.0, cache, idle, priority, frozen);

    private static readonly Gen<World> Worlds =
        from total in Gen.Elements(1024L, 4096, 32_768)
        from available in Gen.Choose(0, 100)
        from swap in Gen.Elements(0L, 300, 100_000)
        from count in Gen.Choose(1, 20)
        from lines in Gen.ArrayOf(Lines, count)
        from bytes in Gen.Choose(1, 4000)
        from squeeze in Gen.Elements(true, false)
        select new World(
            new LedgerHost(total * MiB, total * MiB / 100 * available, Math.Max(512, total / 10) * MiB, swap * MiB),
            [.. lines.Select((line, i) => line with { Name = $"s{i}" })], bytes * MiB, squeeze);

    [Fact]
    public void A_plan_keeps_to_those_it_may_take_from()
    {
        int takings = 0;
        int frozen = 0;
        foreach (World world in Worlds.Sample(20_000, new Rnd(20_260_701UL), 50))
        {
            LedgerLine needy = world.Lines[0];
            IReadOnlyList<TakeBack> plan = MemoryLedger.PlanTakeBack(world.Host, world.Lines, needy.Name, world.Bytes, world.Squeeze);
            Assert.Equal(plan.Count, plan.Select(step => step.Name).Distinct().Count());
            foreach (TakeBack step in plan)
            {
                LedgerLine line = world.Lines.Single(l => l.Name == step.Name);
                Assert.NotEqual(needy.Name, step.Name);
                Assert.True(line.Idle);
                Assert.True(step.Brake >= line.Start && step.Brake <= line.Brake && step.Wall <= line.Wall && step.Brake <= step.Wall, $"{line} {step}");
                Assert.True(step.Wall >= line.Usage && step.Reclaim >= 0 && step.Reclaim <= line.Usage, $"{line} {step}");
                Assert.True(step.Freeze || step.Reclaim <= line.Usage - line.WorkingSet, "only page cache, where it may be at work again");
                Assert.True(step.Brake >= line.Usage - step.Reclaim || step.Brake == line.Brake, "nobody is braked by it");
                Assert.True(!step.Freeze || (world.Squeeze && line.Priority < needy.Priority && !line.Frozen), $"{line} {step}");
                Assert.True(step.Brake % MiB == 0 && step.Wall % MiB == 0 && step.Reclaim % MiB == 0);
                Assert.True(Freed(line, step) > 0, $"{line} {step}");
                takings++;
                frozen += step.Freeze ? 1 : 0;
            }
        }

        Assert.True(takings > 1000 && frozen > 1000, $"{takings} {frozen}");
    }

    [Fact]
    public void A_plan_without_its_last_step_would_not_be_enough()
    {
        int several = 0;
        foreach (World world in Worlds.Sample(20_000, new Rnd(20_260_702UL), 50))
        {
            IReadOnlyList<TakeBack> plan = MemoryLedger.PlanTakeBack(world.Host, world.Lines, "s0", world.Bytes, squeeze: false);
            long before = plan.SkipLast(1).Sum(step => Freed(world.Lines.Single(l => l.Name == step.Name), step));
            Assert.True(plan.Count == 0 || before < world.Bytes, $"{before / MiB} MB freed, {world.Bytes / MiB} needed");
            several += plan.Count > 1 ? 1 : 0;
        }

        Assert.True(several > 1000, $"{several}");
    }

    [Fact]
    public void What_is_granted_within_the_room_keeps_budget_and_host()
    {
        int grown = 0;
        foreach (World world in Worlds.Sample(20_000, new Rnd(20_260_703UL), 50))
        {
            LedgerLine line = world.Lines[0];
            HostRoom room = MemoryLedger.RoomFor(world.Host, world.Lines, line.Name);
            if (Grow(line, room) is not { } grow)
            {
                continue;
            }

            grown++;
            LedgerLine[] after = [line with { Brake = grow.Brake, Wall = grow.Wall }, .. world.Lines.Skip(1)];
            Assert.True(after.Sum(l => l.Promised) <= world.Host.Budget);
            Assert.True(world.Host.Available - after.Sum(l => l.Promised - l.Usage) >= world.Host.Kept, "all promises used, a tenth stays available");
        }

        Assert.True(grown > 500, $"{grown}");
    }

    [Fact]
    public void What_a_plan_frees_is_room_for_the_one_in_need()
    {
        int helped = 0;
        foreach (World world in Worlds.Sample(20_000, new Rnd(20_260_704UL), 50))
        {
            LedgerHost host = world.Host with { Available = world.Host.Total };
            long before = MemoryLedger.RoomFor(host, world.Lines, "s0").Bytes;
            IReadOnlyList<TakeBack> plan = MemoryLedger.PlanTakeBack(host, world.Lines, "s0", world.Bytes, squeeze: false);
            LedgerLine[] after = [.. world.Lines.Select(l => plan.SingleOrDefault(step => step.Name == l.Name) is { } step ? Apply(l, step) : l)];
            HostRoom room = MemoryLedger.RoomFor(host, after, "s0");
            Assert.True(room.Bytes >= before);
            helped += room.Bytes > before ? 1 : 0;
        }

        Assert.True(helped > 1000, $"{helped}");
    }

    private static MemoryDecision.Grow? Grow(LedgerLine line, HostRoom room)
    {
        MemorySample first = new()
        {
            At = TimeSpan.Zero, Usage = line.Usage, InactiveFile = 0, Events = default, Stalled = TimeSpan.Zero, Brake = line.Brake, Wall = line.Wall,
        };
        MemorySample second = first with
        {
            At = TimeSpan.FromSeconds(1), Usage = line.Usage, Events = default(Sleigh.Cgroups.MemoryEvents) with { High = 1 }, Stalled = TimeSpan.FromSeconds(1),
        };
        GrowthBounds bounds = new(line.Start, (1L << 20) * MiB, true);
        GrowthState state = GrowthPolicy.Decide(first, new GrowthState(), bounds, Options, room).Next;
        return GrowthPolicy.Decide(second, state, bounds, Options, room).Decision as MemoryDecision.Grow;
    }

    private static LedgerLine Apply(LedgerLine line, TakeBack step) =>
        line with { Brake = step.Brake, Wall = step.Wall, Usage = line.Usage - step.Reclaim };

    private static long Freed(LedgerLine line, TakeBack step) => line.Promised - Apply(line, step).Promised;

    private static LedgerLine Make(long brake, long start, double usage, double cache, bool idle, int priority, bool frozen) => new()
    {
        Name = "",
        Usage = (long)(brake * usage),
        WorkingSet = (long)(brake * usage * (1 - cache)),
        Brake = brake,
        Wall = GrowthPolicy.WallOf(brake, Options),
        Start = start,
        Idle = idle,
        Priority = priority,
        Frozen = frozen,
    };

    private sealed record World(LedgerHost Host, LedgerLine[] Lines, long Bytes, bool Squeeze);
}
