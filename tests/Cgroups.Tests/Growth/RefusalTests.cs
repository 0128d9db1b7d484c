using Sleigh.Cgroups.Growth;

namespace Sleigh.Cgroups.Tests.Growth;

public sealed class RefusalTests
{
    private const long MiB = GrowthOptions.MiB;
    private const string Reason = "the host's budget of 2048 MB is promised";

    [Fact]
    public void A_host_without_room_refuses_and_says_why()
    {
        var run = new GrowthRun { Room = new HostRoom(0, Reason) };

        var refusal = Assert.IsType<MemoryDecision.Refuse>(run.After(1, 256, reached: true));

        Assert.Equal((RefusalCause.HostShort, 384 * MiB, GrowthTrigger.High, false), (refusal.Cause, refusal.Wanted, refusal.Trigger, refusal.Again));
        Assert.Equal($"brake reached: working set 256 MB of 256 MB, rising 71 MB/s; refused: {Reason}", refusal.Reason);
    }

    [Fact]
    public void The_first_growth_needs_room_for_the_whole_wall_and_a_later_one_for_its_rise()
    {
        var run = new GrowthRun { Room = new HostRoom((544 - 256) * MiB, Reason) };
        Assert.Equal(384, Assert.IsType<MemoryDecision.Grow>(run.After(1, 256, reached: true)).Brake / MiB);

        run.Room = new HostRoom((784 - 544) * MiB, Reason);
        Assert.Equal((576, 784), Assert.IsType<MemoryDecision.Grow>(run.After(60, 384, reached: true)) is var grow ? (grow.Brake / MiB, grow.Wall / MiB) : default);

        run = new GrowthRun { Room = new HostRoom((544 - 257) * MiB, Reason) };
        Assert.Equal(383, Assert.IsType<MemoryDecision.Grow>(run.After(1, 256, reached: true)).Brake / MiB);
    }

    [Fact]
    public void A_wall_that_stands_above_what_the_room_allows_already_is_not_promised_by_a_growth()
    {
        var run = new GrowthRun { Wall = 2000, Room = new HostRoom(200 * MiB, Reason) };

        Assert.Equal(RefusalCause.HostShort, Assert.IsType<MemoryDecision.Refuse>(run.After(1, 256, reached: true)).Cause);
    }

    [Fact]
    public void A_growth_is_cut_to_the_room_and_says_so()
    {
        var run = new GrowthRun { Room = new HostRoom(200 * MiB, Reason) };

        var grow = Assert.IsType<MemoryDecision.Grow>(run.After(1, 256, reached: true));

        Assert.Equal((313 * MiB, 456 * MiB, 384 * MiB), (grow.Brake, grow.Wall, grow.Wanted));
        Assert.Equal($"brake reached: working set 256 MB of 256 MB, rising 71 MB/s; 384 MB wanted, cut to 313 MB: {Reason}", grow.Reason);
    }

    [Fact]
    public void A_step_of_less_than_16_MB_is_refused()
    {
        var run = new GrowthRun { Room = new HostRoom((403 - 256) * MiB, Reason) };
        Assert.IsType<MemoryDecision.Refuse>(run.After(1, 256, reached: true));

        run.Room = new HostRoom((404 - 256) * MiB, Reason);
        Assert.Equal((272, 404), Assert.IsType<MemoryDecision.Grow>(run.Look()) is var grow ? (grow.Brake / MiB, grow.Wall / MiB) : default);
    }

    [Fact]
    public void A_refused_growth_is_asked_for_again_until_room_appears_although_no_counter_moves()
    {
        var run = new GrowthRun { Room = new HostRoom(0, Reason) };
        run.After(1, 256, reached: true);

        for (int i = 0; i < 50; i++)
        {
            var again = Assert.IsType<MemoryDecision.Refuse>(run.After(0.1));
            Assert.True(again.Again);
            Assert.Equal(GrowthTrigger.High, again.Trigger);
        }

        run.Room = new HostRoom(4096 * MiB, Reason);
        var grow = Assert.IsType<MemoryDecision.Grow>(run.After(0.1));
        Assert.Equal("still waiting: working set 256 MB of 256 MB, rising 0 MB/s", grow.Reason);
        Assert.Null(run.State.Waiting);
    }

    [Fact]
    public void A_refusal_ends_when_the_working_set_has_gone_down()
    {
        var run = new GrowthRun { Room = new HostRoom(0, Reason) };
        run.After(1, 256, reached: true);

        Assert.IsType<MemoryDecision.Keep>(run.After(0.1, 210));
        Assert.NotNull(run.State.Waiting);
        Assert.IsType<MemoryDecision.Keep>(run.After(0.1, 180));
        Assert.Null(run.State.Waiting);
        Assert.False(Assert.IsType<MemoryDecision.Refuse>(run.After(0.1, 256, reached: true)).Again);
    }

    [Fact]
    public void A_refusal_ends_ten_seconds_after_the_last_sign_of_need()
    {
        var run = new GrowthRun { Room = new HostRoom(0, Reason) };
        run.After(1, 256, reached: true);

        Assert.All(Enumerable.Range(0, 10), _ => Assert.IsType<MemoryDecision.Refuse>(run.After(1)));
        run.Room = new HostRoom(4096 * MiB, Reason);
        Assert.IsType<MemoryDecision.Keep>(run.After(1));
        Assert.Null(run.State.Waiting);
    }

    [Fact]
    public void At_the_ceiling_one_episode_is_one_refusal_and_the_wall_is_the_sign()
    {
        var run = new GrowthRun(ceilingMb: 256) { Usage = 250 };
        Assert.Equal(256, run.Wall);
        run.After(60);
        run.Max++;

        var refusal = Assert.IsType<MemoryDecision.Refuse>(run.After(1, 256));
        run.Max++;

        Assert.Equal((RefusalCause.Ceiling, false), (refusal.Cause, refusal.Again));
        Assert.Equal("wall met: working set 256 MB of 256 MB, rising 6 MB/s; refused: it stands at its ceiling of 256 MB", refusal.Reason);
        Assert.True(Assert.IsType<MemoryDecision.Refuse>(run.After(0.1)).Again);
        Assert.IsType<MemoryDecision.Keep>(run.After(0.1));
        run.Max++;
        Assert.True(Assert.IsType<MemoryDecision.Refuse>(run.After(5)).Again);
        run.Max++;
        Assert.False(Assert.IsType<MemoryDecision.Refuse>(run.After(11)).Again);
    }

    [Fact]
    public void Another_cause_is_told_anew()
    {
        var run = new GrowthRun(ceilingMb: 300) { Room = new HostRoom(0, Reason) };
        run.After(1, 256, reached: true);
        run.Bounds = run.Bounds with { Ceiling = 256 * MiB };

        var refusal = Assert.IsType<MemoryDecision.Refuse>(run.After(0.1));

        Assert.Equal((RefusalCause.Ceiling, false), (refusal.Cause, refusal.Again));
    }

    [Fact]
    public void With_growth_off_a_met_wall_and_a_rising_working_set_are_told_and_nothing_moves()
    {
        var run = new GrowthRun(automatic: false);
        var rising = Assert.IsType<MemoryDecision.Refuse>(run.After(1, 230));
        run.Max++;
        var met = Assert.IsType<MemoryDecision.Refuse>(run.After(60, 256));

        Assert.Equal((GrowthTrigger.Usage, RefusalCause.Off), (rising.Trigger, rising.Cause));
        Assert.Equal((GrowthTrigger.High, RefusalCause.Off), (met.Trigger, met.Cause));
        Assert.Equal("wall met: working set 256 MB of 256 MB, rising 0 MB/s; refused: automatic growth is off", met.Reason);
        Assert.Equal((256, 256), (run.Brake, run.Wall));
        run.Usage = 20;
        Assert.All(run.Quiet(120), decision => Assert.IsType<MemoryDecision.Keep>(decision));
    }

    [Fact]
    public void With_growth_off_a_wall_met_by_page_cache_is_not_told()
    {
        var run = new GrowthRun(automatic: false) { Cache = 150, Max = 5 };

        Assert.IsType<MemoryDecision.Keep>(run.After(1, 256));
    }
}
