using Sleigh.Cgroups.Growth;

namespace Sleigh.Cgroups.Tests.Growth;

public sealed class GiveBackTests
{
    private const long MiB = GrowthOptions.MiB;

    [Fact]
    public void What_a_burst_of_1500_MB_took_is_back_within_30_seconds_after_30_quiet_ones()
    {
        GrowthRun run = Burst(1800);
        run.Usage = 190;

        List<MemoryDecision> decisions = run.Quiet(60);

        Assert.All(decisions.Take(29), decision => Assert.IsType<MemoryDecision.Keep>(decision));
        Assert.IsType<MemoryDecision.GiveBack>(decisions[29]);
        Assert.Equal((256, 384), (run.Brake, run.Wall));
        Assert.IsType<MemoryDecision.Keep>(decisions[^1]);
    }

    [Fact]
    public void Page_cache_goes_with_it_in_small_bites()
    {
        GrowthRun run = Burst(1000);
        (run.Usage, run.Cache) = (700, 500);

        List<MemoryDecision> decisions = run.Quiet(60);

        Assert.All(decisions.OfType<MemoryDecision.GiveBack>(), back => Assert.InRange(back.Reclaim, 0, 64 * MiB));
        Assert.InRange(run.Usage, 200, 221);
        Assert.Equal(256, run.Brake);
        Assert.False(run.State.Owes);
    }

    [Fact]
    public void A_step_takes_a_quarter_of_what_is_left_or_16_MB()
    {
        GrowthRun run = Burst(1000);
        run.Usage = 190;
        int before = run.Brake;

        List<MemoryDecision.GiveBack> steps = [.. run.Quiet(60).OfType<MemoryDecision.GiveBack>()];

        Assert.Equal("quiet for 30 s: working set 190 MB, brake towards 256 MB", steps[0].Reason);
        foreach (int brake in steps.Select(step => (int)(step.Brake / MiB)))
        {
            Assert.InRange(before - brake, 0, Math.Max((before - 256) / 4, 16));
            before = brake;
        }
    }

    [Fact]
    public void The_working_set_keeps_a_tenth_above_itself()
    {
        GrowthRun run = Burst(1000);
        run.Usage = 600;

        run.Quiet(120);

        Assert.Equal((660, (660 * 5 / 4) + 64), (run.Brake, run.Wall));
        Assert.False(run.State.Owes);
    }

    [Fact]
    public void The_first_stall_stops_it_and_it_waits_anew()
    {
        GrowthRun run = Burst(1000);
        run.Usage = 190;
        run.Quiet(31);
        int brake = run.Brake;

        run.StalledMs += 6;
        Assert.Equal("stalled 6 ms; nothing is given back", run.After(1).Reason);

        Assert.All(run.Quiet(29), decision => Assert.IsType<MemoryDecision.Keep>(decision));
        Assert.Equal(brake, run.Brake);
        Assert.IsType<MemoryDecision.GiveBack>(run.After(1));
    }

    [Fact]
    public void Samples_between_two_seconds_take_no_step()
    {
        GrowthRun run = Burst(1000);
        run.Usage = 190;
        run.Quiet(30);

        Assert.Equal("nothing to do", Assert.IsType<MemoryDecision.Keep>(run.After(0.3)).Reason);
        Assert.IsType<MemoryDecision.GiveBack>(run.After(0.7));
    }

    [Fact]
    public void Page_cache_that_keeps_reaching_the_brake_holds_no_promise()
    {
        GrowthRun run = Burst(1000);
        for (int i = 0; i < 90; i++)
        {
            // Files are read all the time: whatever is dropped comes back.
            (run.Usage, run.Cache) = (run.Brake, run.Brake - 150);
            run.After(1, reached: true);
        }

        Assert.Equal(256, run.Brake);
        Assert.False(run.State.Owes);
        Assert.IsType<MemoryDecision.Keep>(run.After(1, 256, reached: true));
    }

    [Fact]
    public void Page_cache_that_fills_what_a_give_back_left_brings_no_growth()
    {
        GrowthRun run = Burst(1000);
        (run.Usage, run.Cache) = (600, 0);
        run.Quiet(60);
        Assert.Equal(660, run.Brake);

        (run.Usage, run.Cache) = (660, 60);
        Assert.IsType<MemoryDecision.Keep>(run.After(1, reached: true));

        run.Cache = 30;
        run.After(60);
        Assert.IsType<MemoryDecision.Grow>(run.After(60, reached: true));
    }

    [Fact]
    public void Patience_doubles_when_growth_follows_a_give_back_soon_and_a_quiet_hour_forgets_it()
    {
        GrowthRun run = Burst(1000);
        run.Usage = 190;
        run.Quiet(60);
        run.After(1, 256, reached: true);
        Assert.Equal(TimeSpan.FromSeconds(60), run.State.Patience);

        run.Usage = 190;
        Assert.All(run.Quiet(59), decision => Assert.IsType<MemoryDecision.Keep>(decision));
        Assert.IsType<MemoryDecision.GiveBack>(run.After(1));

        run.After(3600);
        Assert.Null(run.State.Patience);
    }

    [Fact]
    public void Patience_never_passes_ten_minutes()
    {
        GrowthRun run = Burst(1000);
        for (int i = 0; i < 10; i++)
        {
            run.Usage = 190;
            run.Quiet(1000);
            run.After(1, run.Brake, reached: true);
            Assert.True(run.State.Patience is null || run.State.Patience <= TimeSpan.FromMinutes(10));
            run.Usage = 190;
            while (run.After(1) is not MemoryDecision.GiveBack)
            {
            }

            run.After(1, run.Brake, reached: true);
        }

        Assert.Equal(TimeSpan.FromMinutes(10), run.State.Patience);
    }

    [Fact]
    public void A_sandbox_that_never_grew_is_left_alone()
    {
        var run = new GrowthRun { Usage = 250, Cache = 200 };

        Assert.All(run.Quiet(300), decision => Assert.IsType<MemoryDecision.Keep>(decision));
    }

    [Fact]
    public void A_brake_found_above_its_start_by_a_new_daemon_is_given_back()
    {
        var run = new GrowthRun { Brake = 1024, Wall = 1344 };

        run.Quiet(60);

        Assert.Equal((256, 384), (run.Brake, run.Wall));
    }

    private static GrowthRun Burst(int peak)
    {
        var run = new GrowthRun();
        while (run.Brake < peak)
        {
            run.After(0.05, run.Brake, reached: true);
        }

        return run;
    }
}
