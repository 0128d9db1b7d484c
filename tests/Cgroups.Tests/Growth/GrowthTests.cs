using Sleigh.Cgroups.Growth;

namespace Sleigh.Cgroups.Tests.Growth;

public sealed class GrowthTests
{
    private const long MiB = GrowthOptions.MiB;

    [Fact]
    public void The_first_sample_decides_nothing_whatever_its_counters_say()
    {
        var run = new GrowthRun { High = 1000, StalledMs = 90_000, Usage = 256 };
        GrowthStep step = GrowthPolicy.Decide(run.Sample, new GrowthState(), run.Bounds, run.Options, run.Room);

        Assert.Equal("first sample", Assert.IsType<MemoryDecision.Keep>(step.Decision).Reason);
        Assert.Equal(run.Sample, step.Next.Last);
    }

    [Fact]
    public void A_reached_brake_grows_by_half_and_its_wall_goes_along()
    {
        var run = new GrowthRun();

        var grow = Assert.IsType<MemoryDecision.Grow>(run.After(1, 250, reached: true));

        Assert.Equal((384 * MiB, 544 * MiB, 384 * MiB, GrowthTrigger.High), (grow.Brake, grow.Wall, grow.Wanted, grow.Trigger));
        Assert.Equal("brake reached: working set 250 MB of 256 MB, rising 65 MB/s", grow.Reason);
    }

    [Fact]
    public void A_steep_slope_asks_for_what_the_next_second_needs()
    {
        var run = new GrowthRun();
        run.After(1, 256, reached: true);

        var grow = Assert.IsType<MemoryDecision.Grow>(run.After(0.04, 384, reached: true));

        Assert.Equal((384 + 3200) * MiB, grow.Brake);
        Assert.Equal(4096 * MiB, grow.Wall);
    }

    [Fact]
    public void Two_signals_of_one_moment_measure_one_slope()
    {
        var run = new GrowthRun();
        run.After(1, 256, reached: true);
        double slope = run.State.Slope;

        run.After(0.001, 258, reached: true);
        Assert.Equal(slope, run.State.Slope);

        run.After(0.005, 262);
        Assert.Equal(1000 * MiB, run.State.Slope, 1.0);
    }

    [Fact]
    public void A_large_brake_grows_by_the_largest_step_unless_the_slope_asks_for_more()
    {
        var run = new GrowthRun(startMb: 10_000, ceilingMb: 100_000) { Usage = 9990 };
        run.Look();

        Assert.Equal(12_048 * MiB, Assert.IsType<MemoryDecision.Grow>(run.After(60, 10_000, reached: true)).Brake);
        Assert.Equal((12_000 + 4000) * MiB, Assert.IsType<MemoryDecision.Grow>(run.After(0.5, 12_000, reached: true)).Brake);
    }

    [Fact]
    public void A_brake_reached_by_page_cache_does_not_grow()
    {
        var run = new GrowthRun { Cache = 100 };

        Assert.Equal("brake reached by page cache that can be dropped", Assert.IsType<MemoryDecision.Keep>(run.After(1, 256, reached: true)).Reason);
    }

    [Fact]
    public void Page_cache_that_was_read_twice_does_not_grow_but_a_stall_for_it_does()
    {
        var run = new GrowthRun { Active = 70 };

        Assert.Equal("brake reached by page cache that can be dropped", Assert.IsType<MemoryDecision.Keep>(run.After(1, 256, reached: true)).Reason);
        run.StalledMs += 40;
        Assert.Equal(GrowthTrigger.Psi, Assert.IsType<MemoryDecision.Grow>(run.After(0.5)).Trigger);
    }

    [Fact]
    public void A_brake_that_was_reached_before_and_not_since_is_no_trigger()
    {
        var run = new GrowthRun { Usage = 250, High = 7 };
        run.Look();

        Assert.IsType<MemoryDecision.Keep>(run.After(1));
    }

    [Theory]
    [InlineData(0.1, 24.9, false)]
    [InlineData(0.1, 25, true)]
    [InlineData(0.5, 25, true)]
    [InlineData(1, 25, true)]
    [InlineData(10, 25, false)]
    [InlineData(10, 474, false)]
    [InlineData(10, 476, true)]
    public void A_stall_counts_by_its_share_of_the_time(double seconds, double stalledMs, bool grows)
    {
        var run = new GrowthRun { Usage = 250 };
        run.After(60);

        run.StalledMs += stalledMs;
        MemoryDecision decision = run.After(seconds);

        Assert.Equal(grows, decision is MemoryDecision.Grow { Trigger: GrowthTrigger.Psi });
        if (grows)
        {
            Assert.Equal($"stalled {stalledMs:F0} ms: working set 250 MB of 256 MB, rising 0 MB/s", decision.Reason);
        }
    }

    [Fact]
    public void A_stall_that_is_spread_over_many_samples_adds_up_and_counts_once()
    {
        var run = new GrowthRun { Usage = 250 };
        run.After(60);
        List<bool> grown = [];
        for (int i = 0; i < 3; i++)
        {
            run.StalledMs += 9;
            grown.Add(run.After(0.1) is MemoryDecision.Grow);
        }

        run.Usage = 380;
        Assert.Equal([false, false, true], grown);
        Assert.IsNotType<MemoryDecision.Grow>(run.After(60));
    }

    [Fact]
    public void A_stall_far_from_the_brake_does_not_grow()
    {
        var run = new GrowthRun { StalledMs = 100 };

        Assert.Equal("stalled 100 ms, and the working set is not near the brake", Assert.IsType<MemoryDecision.Keep>(run.After(0.5, 200)).Reason);
    }

    [Fact]
    public void A_working_set_that_will_meet_the_brake_within_the_second_grows_without_a_signal()
    {
        var run = new GrowthRun();

        var grow = Assert.IsType<MemoryDecision.Grow>(run.After(1, 230));

        Assert.Equal(GrowthTrigger.Usage, grow.Trigger);
        Assert.Equal("working set near the limit: working set 230 MB of 256 MB, rising 45 MB/s", grow.Reason);
    }

    [Fact]
    public void A_sandbox_that_idles_near_its_brake_never_grows()
    {
        var run = new GrowthRun();
        run.After(60, 230);

        Assert.All(run.Quiet(600), decision => Assert.IsType<MemoryDecision.Keep>(decision));
        Assert.Equal(256, run.Brake);
    }

    [Fact]
    public void Growth_stops_at_the_ceiling_where_brake_and_wall_are_one()
    {
        var run = new GrowthRun(ceilingMb: 300);

        var grow = Assert.IsType<MemoryDecision.Grow>(run.After(1, 256, reached: true));

        Assert.Equal((300 * MiB, 300 * MiB, 384 * MiB), (grow.Brake, grow.Wall, grow.Wanted));
        Assert.Equal("brake reached: working set 256 MB of 256 MB, rising 71 MB/s; 384 MB wanted, cut to the ceiling of 300 MB", grow.Reason);
    }

    [Fact]
    public void A_burst_of_3_GB_a_second_is_overtaken_by_the_second_growth()
    {
        var run = new GrowthRun(ceilingMb: 16_384);
        run.After(1, 256, reached: true);

        run.After(0.043, 256 + 129, reached: true);

        Assert.True(run.Brake > 3300, $"brake {run.Brake} MB");
    }
}
