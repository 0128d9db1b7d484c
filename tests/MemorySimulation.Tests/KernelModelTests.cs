using Sleigh.Benchmarks.MemorySimulation.Model;

namespace Sleigh.Benchmarks.MemorySimulation.Tests;

public sealed class KernelModelTests
{
    private const long MiB = 1024 * 1024;

    [Fact]
    public void Up_to_the_brake_nothing_is_slowed()
    {
        SimulatedCgroup group = Jump(200, brake: 200, wall: 400);
        group.Step(SimulatedCgroup.Tick);

        Assert.Equal((200 * MiB, 0, 0), (group.Usage, group.High, group.Stalled));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 25)]
    [InlineData(10, 640)]
    [InlineData(20, 2000)]
    [InlineData(90, 2000)]
    public void The_sleep_grows_with_the_square_of_the_overage_up_to_two_seconds(int percent, int milliseconds)
    {
        // One task takes its last batch from just below that overage.
        SimulatedCgroup group = new(new Workload(new Demand([new(0, 1000 + (10 * percent) - 0.125, true), new(0.001, 5000, true)]), Tasks: 1), 1000 * MiB, 9000 * MiB);
        group.Step(1000);
        int ticks = 0;
        for (long now = 2000; group.High == 1 && ticks < 3000; now += 1000, ticks++)
        {
            group.Step(now);
        }

        // A sleep of nothing lets it take many batches in one tick.
        Assert.InRange(ticks, Math.Max(0, milliseconds - 5), milliseconds + 5);
    }

    [Fact]
    public void At_the_wall_page_cache_goes_and_then_the_command()
    {
        SimulatedCgroup group = new(new Workload(new Demand([new(0, 50, true, 50_000), new(0.004, 50, true), new(0.005, 180, true), new(0.006, 300, true)])), 190 * MiB, 200 * MiB);
        for (long now = 1000; now <= 4000; now += 1000)
        {
            group.Step(now);
        }

        Assert.Equal((50 * MiB, 140 * MiB), (group.Anonymous, group.Cache));
        group.Step(5000);
        Assert.Equal((180 * MiB, 10 * MiB, false), (group.Anonymous, group.Cache, group.IsKilled));
        for (long now = 6000; now < 100_000_000 && !group.IsKilled; now += 1000)
        {
            group.Step(now);
        }

        Assert.True(group.IsKilled && group.Max > 0);
        Assert.Equal((50 * MiB, 0), (group.Anonymous, group.Cache));
    }

    [Fact]
    public void Work_stands_still_while_it_waits_for_memory()
    {
        SimulatedCgroup group = Jump(300, brake: 200, wall: 1000);
        for (long now = 1000; now <= 1_000_000; now += 1000)
        {
            group.Step(now);
        }

        Assert.InRange(group.Work, 1000, 2000);
        Assert.InRange(group.Stalled, 900_000, 1_000_000);
    }

    [Fact]
    public void A_stall_is_told_once_a_window_and_only_above_the_threshold()
    {
        StallWindow window = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(25));
        List<long> told = [];
        for (long now = 0; now < 2_000_000; now += 1000)
        {
            // Asleep a tenth of the second second.
            long stalled = Math.Clamp(now - 1_000_000, 0, 1_000_000) / 10;
            if (window.Look(now, stalled))
            {
                told.Add(now);
            }
        }

        Assert.InRange(told[0], 1_200_000, 1_350_000);
        Assert.Equal(told[0] + 500_000, told[1]);
        Assert.False(new StallWindow(TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(25)).Look(400_000, 24_000));
    }

    [Fact]
    public void Notifications_come_ten_milliseconds_apart()
    {
        // It passes the brake in each tick, by so little that nobody sleeps.
        Workload workload = new(new Demand([new(0, 200, true), new(2, 202, true)]));
        SimulatedSandbox sandbox = new("s", workload, new SimulatedCgroup(workload, 200 * MiB, 400 * MiB), new());
        HashSet<long> told = [];
        for (long now = 1000; now <= 1_000_000; now += 1000)
        {
            if (sandbox.Advance(now) is long at)
            {
                told.Add(at);
            }
        }

        Assert.InRange(sandbox.Group.High, 900, 1100);
        Assert.Equal(0, sandbox.Group.Stalled);
        long[] times = [.. told.Order()];
        Assert.All(times.Zip(times.Skip(1)), pair => Assert.Equal(10_000, pair.Second - pair.First));
    }

    [Fact]
    public void The_mean_of_a_demand_is_its_area()
    {
        Demand demand = new([new(0, 100), new(1, 100), new(2, 300), new(2.5, 100)]);

        Assert.Equal(((100 + 200 + 100 + 50) / 3.0) * MiB, demand.Mean(3_000_000), 1.0);
        Assert.Equal(300 * MiB, demand.Peak);
    }

    private static SimulatedCgroup Jump(int toMb, int brake, int wall) =>
        new(new Workload(new Demand([new(0, 100, true), new(0.001, toMb, true), new(10, toMb)])), brake * MiB, wall * MiB);
}
