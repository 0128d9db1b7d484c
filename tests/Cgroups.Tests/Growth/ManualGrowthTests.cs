using Sleigh.Cgroups.Growth;

namespace Sleigh.Cgroups.Tests.Growth;

public sealed class ManualGrowthTests
{
    private const long MiB = GrowthOptions.MiB;

    [Theory]
    [InlineData(512, 1024)]
    [InlineData(16, 64)]
    [InlineData(4096, 6144)]
    [InlineData(57_000, 57_600)]
    [InlineData(57_600, 57_600)]
    public void An_automatic_step_doubles_within_its_bounds(long limit, long next) =>
        Assert.Equal(next, GrowthPolicy.AutomaticStep(limit, 64, 2048, 57_600));

    [Fact]
    public void An_automatic_step_of_the_largest_number_stays_there() =>
        Assert.Equal(long.MaxValue, GrowthPolicy.AutomaticStep(long.MaxValue, 64, long.MaxValue, long.MaxValue));

    [Fact]
    public void A_target_becomes_the_brake_and_the_wall_follows()
    {
        var grow = Assert.IsType<MemoryDecision.Grow>(Raise(new GrowthRun(), 1024));

        Assert.Equal((1024 * MiB, 1344 * MiB, 1024 * MiB, GrowthTrigger.Manual), (grow.Brake, grow.Wall, grow.Wanted, grow.Trigger));
        Assert.Equal("asked for", grow.Reason);
    }

    [Fact]
    public void With_growth_off_brake_and_wall_become_the_target()
    {
        var grow = Assert.IsType<MemoryDecision.Grow>(Raise(new GrowthRun(automatic: false), 1024));

        Assert.Equal((1024 * MiB, 1024 * MiB), (grow.Brake, grow.Wall));
    }

    [Fact]
    public void A_target_above_the_ceiling_is_cut_to_it()
    {
        var grow = Assert.IsType<MemoryDecision.Grow>(Raise(new GrowthRun(ceilingMb: 1000), 1024));

        Assert.Equal((1000 * MiB, 1000 * MiB, 1024 * MiB), (grow.Brake, grow.Wall, grow.Wanted));
    }

    [Fact]
    public void Where_the_room_is_tight_the_wall_comes_nearer_and_the_target_is_never_cut()
    {
        var run = new GrowthRun { Room = new HostRoom((1100 - 185) * MiB, "it is full") };
        Assert.Equal((1024 * MiB, 1100 * MiB), Assert.IsType<MemoryDecision.Grow>(Raise(run, 1024)) is var grow ? (grow.Brake, grow.Wall) : default);

        run.Room = new HostRoom((1023 - 185) * MiB, "it is full");
        var refusal = Assert.IsType<MemoryDecision.Refuse>(Raise(run, 1024));
        Assert.Equal((RefusalCause.HostShort, GrowthTrigger.Manual, "refused: it is full"), (refusal.Cause, refusal.Trigger, refusal.Reason));
    }

    [Fact]
    public void What_is_not_above_the_present_limit_is_refused()
    {
        Assert.Equal("refused: 256 MB is not above the present limit of 256 MB", Assert.IsType<MemoryDecision.Refuse>(Raise(new GrowthRun(), 256)).Reason);
        Assert.Equal(
            "refused: it stands at its ceiling of 256 MB", Assert.IsType<MemoryDecision.Refuse>(Raise(new GrowthRun(ceilingMb: 256), 512)).Reason);
    }

    private static MemoryDecision Raise(GrowthRun run, int target) =>
        GrowthPolicy.Raise(run.Sample, run.Bounds, run.Options, run.Room, target * MiB);
}
