using Sleigh.Cgroups;
using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.OutOfMemory;

/// <summary>What the kernel's counts become in a result.</summary>
public sealed class OomReportTests
{
    private const long MiB = 1024 * 1024;

    private static readonly GrowthSpan Fixed = new() { LimitMb = 256, WallBytes = 256 * MiB, CeilingMb = 4096, Automatic = false, NextLimitMb = 512 };

    private static readonly GrowthSpan Growing = new() { LimitMb = 256, WallBytes = 384 * MiB, CeilingMb = 4096, Automatic = true, NextLimitMb = 512 };

    [Fact]
    public void A_kill_is_what_the_kernel_counted_in_the_commands_own_cgroup()
    {
        Assert.Equal(2, Killed(2).Killed);
        Assert.Equal(0, OomFinding.Of(Leaf(oomKill: 0), Counts(0, 0), Counts(9, 9), 512 * MiB, 137, ExecEndCause.Itself).Killed);
    }

    [Fact]
    public void An_exit_code_of_137_is_no_kill_and_neither_is_the_kill_of_a_neighbour()
    {
        OomFinding finding = OomFinding.Of(Leaf(oomKill: 0), Counts(max: 3, oom: 1), Counts(max: 3, oom: 4), 512 * MiB, 137, ExecEndCause.Itself);

        Assert.Equal(OomFinding.None, finding);
        Assert.Null(OomReport.Of(finding, 1, 2, Fixed));
        Assert.Equal(OomFinding.None, OomFinding.Of(null, null, null, 512 * MiB, 137, ExecEndCause.Itself));
    }

    [Fact]
    public void Who_met_the_limit_and_lived_was_stalled_for_it()
    {
        Assert.True(OomFinding.Of(Leaf(0, stalledUsec: 5), Counts(3, 0), Counts(4, 0), 512 * MiB, 0, ExecEndCause.Itself).LimitMet);
        Assert.True(OomFinding.Of(Leaf(0, stalledUsec: 5), Counts(3, 0), Counts(3, 0, high: 1), 512 * MiB, 0, ExecEndCause.Itself).LimitMet);
        Assert.True(OomFinding.Of(Leaf(0, stalledUsec: null), Counts(3, 0), Counts(4, 0), 512 * MiB, 0, ExecEndCause.Itself).LimitMet);
        Assert.False(OomFinding.Of(Leaf(0, stalledUsec: 0), Counts(3, 0), Counts(4, 0), 512 * MiB, 0, ExecEndCause.Itself).LimitMet);
        Assert.False(OomFinding.Of(Leaf(0, stalledUsec: 5), Counts(4, 0), Counts(4, 0), 512 * MiB, 0, ExecEndCause.Itself).LimitMet);
        Assert.False(OomFinding.Of(Leaf(0, stalledUsec: 5), null, Counts(4, 0), 512 * MiB, 0, ExecEndCause.Itself).LimitMet);
    }

    [Fact]
    public void A_kill_without_a_limit_met_in_the_sandbox_is_the_hosts()
    {
        Assert.True(OomFinding.Of(Leaf(1), Counts(0, 2), Counts(0, 2), 512 * MiB, 137, ExecEndCause.Itself).OfHost);
        Assert.False(OomFinding.Of(Leaf(1), Counts(0, 2), Counts(0, 3), 512 * MiB, 137, ExecEndCause.Itself).OfHost);
        Assert.True(OomFinding.Of(Leaf(1), null, Counts(0, 0), 512 * MiB, 137, ExecEndCause.Itself).OfHost);
        Assert.False(OomFinding.Of(Leaf(1), null, Counts(0, 3), 512 * MiB, 137, ExecEndCause.Itself).OfHost);
        Assert.False(OomFinding.Of(Leaf(1), null, null, 512 * MiB, 137, ExecEndCause.Itself).OfHost);
    }

    [Theory]
    [InlineData(137, "Itself", 1, true)]
    [InlineData(137, "Cancel", 1, false)]
    [InlineData(1, "Itself", 1, false)]
    [InlineData(137, "Itself", 0, false)]
    public void Where_only_version_1_counts_a_kill_has_no_owner(int code, string cause, long kills, bool told)
    {
        OomFinding finding = OomFinding.Of(Leaf(null), Legacy(0), Legacy(kills, 512 * MiB), 512 * MiB, code, Enum.Parse<ExecEndCause>(cause));

        Assert.Equal((told, 0L), (finding.Unattributed, finding.Killed));
        Assert.Null(OomReport.Of(finding, null, null, Fixed));
    }

    [Fact]
    public void With_growth_off_the_advice_is_to_expand() => Assert.Equal(
        new OomReport(
            true, 256 * MiB, 255 * MiB, 0, "automatic growth is off; call memory/expand with target_mb 512 or more, then run the command again"),
        OomReport.Of(Killed(1), 255 * MiB, 256 * MiB, Fixed));

    [Fact]
    public void At_the_ceiling_the_advice_is_a_higher_one()
    {
        const string Advice = "the ceiling of 384 MB is reached; use less memory or create a sandbox with a higher memory_ceiling_mb";

        Assert.Equal(Advice, OomReport.Of(Killed(1), null, null, Growing with { CeilingMb = 384 })?.Advice);
        Assert.Equal(Advice, OomReport.Of(Killed(1), null, null, Growing with { CeilingMb = 384, Growth = [Refused(RefusalCause.Ceiling)] })?.Advice);
    }

    [Fact]
    public void On_a_host_that_is_short_the_advice_is_to_wait()
    {
        const string Advice = "the host has no memory to give now; wait, delete sandboxes you do not need, then run the command again";
        OomReport? refused = OomReport.Of(Killed(1), null, null, Growing with { Growth = [Grown(192, 256), Refused(RefusalCause.HostShort)] });

        Assert.Equal((Advice, 2), (refused?.Advice, refused?.GrowthAttempts));
        Assert.Equal(Advice, OomReport.Of(OomFinding.Of(Leaf(1), Counts(0, 0), Counts(0, 0), 512 * MiB, 137, ExecEndCause.Itself), null, null, Fixed)?.Advice);
    }

    [Fact]
    public void A_burst_faster_than_the_growth_is_told_with_the_limit_it_met()
    {
        // The growth came when the process was dead: the wall has risen since.
        OomReport? report = OomReport.Of(Killed(1), 380 * MiB, (384 * MiB) - 8192, Growing with { WallBytes = 704 * MiB, NextLimitMb = 1024, Growth = [Grown(256, 512)] });

        Assert.Equal(
            new OomReport(
                true, 384 * MiB, 380 * MiB, 1, "growth was too late; call memory/expand with target_mb 1024 or more, then run the command again"),
            report);
    }

    [Fact]
    public void Who_met_the_limit_and_lived_is_reported_only_if_growth_had_been_refused()
    {
        OomFinding met = OomFinding.Of(Leaf(0, 5), Counts(0, 0), Counts(1, 0), 512 * MiB, 0, ExecEndCause.Itself);

        Assert.Null(OomReport.Of(met, 1, null, Growing));
        Assert.Null(OomReport.Of(met, 1, null, Growing with { Growth = [Grown(256, 512)] }));
        Assert.Null(OomReport.Of(OomFinding.None, 1, null, Growing with { Growth = [Refused(RefusalCause.HostShort)] }));
        Assert.Equal(
            new OomReport(
                false, 256 * MiB, 7, 2, "the host has no memory to give now; wait, delete sandboxes you do not need, then run the command again"),
            OomReport.Of(met, 7, 1 * MiB, Growing with { WallBytes = 704 * MiB, Growth = [Refused(RefusalCause.HostShort), Grown(256, 512)] }));
    }

    internal static MemoryRecord Grown(int from, int to, GrowthTrigger trigger = GrowthTrigger.High) => new()
    {
        Time = DateTimeOffset.UnixEpoch, Action = MemoryAction.Grown, Trigger = trigger, FromMb = from, ToMb = to, Reason = "brake reached",
    };

    internal static MemoryRecord Refused(RefusalCause cause, int at = 256, string reason = "no room") => new()
    {
        Time = DateTimeOffset.UnixEpoch, Action = MemoryAction.Refused, Trigger = GrowthTrigger.High, FromMb = at, ToMb = at, Cause = cause, Reason = reason,
    };

    internal static OomFinding Killed(long processes) =>
        OomFinding.Of(Leaf(processes), Counts(0, 0), Counts(1, 1), 512 * MiB, 137, ExecEndCause.Itself);

    internal static LimitCounts Legacy(long kills, long? peak = null) => new(null, kills, peak);

    private static LimitCounts Counts(long max, long oom, long high = 0) => new(new MemoryEvents(0, high, max, oom, oom, 0), null);

    private static CgroupUsage Leaf(long? oomKill, long? stalledUsec = 5) => new()
    {
        MemoryEvents = oomKill is long killed ? new MemoryEvents(0, 0, 0, 0, killed, 0) : null,
        MemoryPressure = stalledUsec is long usec ? new Pressure(new StallFigures(0, 0, 0, TimeSpan.FromMicroseconds(usec)), default) : null,
    };
}
