using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Memory;
using static Sleigh.Runtime.Tests.OutOfMemory.OomReportTests;

namespace Sleigh.Runtime.Tests.OutOfMemory;

/// <summary>The sentences of a result about memory, word for word.</summary>
public sealed class RecoveryTextTests
{
    private const long MiB = 1024 * 1024;

    private static readonly GrowthSpan Quiet = new() { LimitMb = 512, WallBytes = 512 * MiB, CeilingMb = 4096, Automatic = true, NextLimitMb = 1024 };

    [Fact]
    public void Nothing_happened_and_nothing_is_said()
    {
        Assert.Null(RecoveryText.Of(OomFinding.None, null, Quiet));
    }

    [Fact]
    public void Growth_is_told_in_order_of_time_with_its_triggers() => Assert.Equal(
        "memory grown from 256 MB to 384 MB (trigger high); memory grown from 384 MB to 512 MB (trigger psi); "
        + "memory grown from 512 MB to 600 MB (trigger usage); memory grown from 600 MB to 700 MB (trigger manual); memory growth refused at 700 MB: no room",
        RecoveryText.Of(OomFinding.None, null, Quiet with
        {
            Growth =
            [
                Grown(256, 384), Grown(384, 512, GrowthTrigger.Psi), Grown(512, 600, GrowthTrigger.Usage), Grown(600, 700, GrowthTrigger.Manual),
                Refused(RefusalCause.HostShort, 700),
            ],
        }));

    [Fact]
    public void The_last_ten_are_told_and_a_refusal_that_is_tried_again_once()
    {
        string[] texts = RecoveryText.Of(OomFinding.None, null, Quiet with { Growth = [.. Enumerable.Range(1, 14).Select(i => Grown(i, i + 1))] })!.Split("; ");
        Assert.Equal(10, texts.Length);
        Assert.Equal(("memory grown from 5 MB to 6 MB (trigger high)", "memory grown from 14 MB to 15 MB (trigger high)"), (texts[0], texts[9]));

        Assert.Equal(
            "memory growth refused at 512 MB: no room; memory grown from 512 MB to 768 MB (trigger high); memory growth refused at 768 MB: no room",
            RecoveryText.Of(OomFinding.None, null, Quiet with
            {
                Growth =
                [
                    Refused(RefusalCause.HostShort, 512), Refused(RefusalCause.HostShort, 512), Grown(512, 768), Refused(RefusalCause.HostShort, 768),
                    Refused(RefusalCause.HostShort, 768),
                ],
            }));
    }

    [Fact]
    public void A_kill_is_told_behind_the_growth_and_what_followed_behind_the_kill()
    {
        OomReport? report = OomReport.Of(Killed(1), 500 * MiB, null, Quiet);
        string? text = RecoveryText.Of(Killed(1), report, Quiet with { Growth = [Grown(256, 512)] });
        SnapshotId snapshot = SnapshotId.New();

        Assert.Equal("memory grown from 256 MB to 512 MB (trigger high); out of memory: a process was killed at 512 MB", text);
        Assert.Equal($"{text}; nothing was rolled back", RecoveryText.Add(text, new OomAftermath.Nothing()));
        Assert.Equal($"{text}; rolled back to snapshot {snapshot} (on_oom=rollback)", RecoveryText.Add(text, new OomAftermath.RolledBack(snapshot)));
        Assert.Equal(
            "out of memory: a process was killed at 512 MB; on_oom=rollback but there is no snapshot",
            RecoveryText.Add("out of memory: a process was killed at 512 MB", new OomAftermath.NoSnapshot()));
        Assert.Equal($"{text}; on_oom=rollback but there is no snapshot", RecoveryText.Add(text, new OomAftermath.NoSnapshot()));
        Assert.Equal(text, RecoveryText.Add(text, new OomAftermath.Overtaken()));
        Assert.Equal("nothing was rolled back", RecoveryText.Add(null, new OomAftermath.Nothing()));
    }

    [Fact]
    public void The_hosts_own_lack_of_memory_is_not_told_as_the_sandboxs_limit()
    {
        OomFinding finding = OomFinding.Of(
            new() { MemoryEvents = new(0, 0, 0, 0, 1, 0) }, new(default(Cgroups.MemoryEvents), null), new(default(Cgroups.MemoryEvents), null), 512 * MiB, 137, ExecEndCause.Itself);

        Assert.Equal(
            "out of memory: the host had none left and a process was killed",
            RecoveryText.Of(finding, OomReport.Of(finding, null, null, Quiet), Quiet));
    }

    [Fact]
    public void Where_nobody_can_tell_whose_the_process_was_that_is_said()
    {
        OomFinding ofSandbox = OomFinding.Of(new(), Legacy(0), Legacy(1, (512 * MiB) - 4096), 512 * MiB, 137, ExecEndCause.Itself);
        OomFinding ofHost = OomFinding.Of(new(), Legacy(0), Legacy(1, 500 * MiB), 512 * MiB, 137, ExecEndCause.Itself);

        Assert.Equal(
            "the sandbox's limit of 512 MB was reached and the kernel killed a process in it; this host cannot tell whose it was",
            RecoveryText.Of(ofSandbox, null, Quiet));
        Assert.Equal(
            "the kernel killed a process in the sandbox for lack of memory; this host cannot tell whose it was", RecoveryText.Of(ofHost, null, Quiet));
    }
}
