using Sleigh.Cgroups;
using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Tests.Memory;

/// <summary>The sentences of <c>sleighctl explain</c>, exactly.</summary>
public sealed class MemoryExplanationTests
{
    private const long MiB = 1024 * 1024;
    private static readonly DateTimeOffset Then = new(2026, 1, 5, 9, 2, 1, TimeSpan.Zero);

    private static readonly HostMemory Host = new()
    {
        TotalBytes = 8192 * MiB, AvailableBytes = 4096 * MiB, ReserveBytes = 820 * MiB, BudgetBytes = 7372 * MiB, LimitsBytes = 256 * MiB,
        PromisedBytes = 200 * MiB, UsedBytes = 200 * MiB, ReclaimableBytes = 0, RoomBytes = 3072 * MiB, RoomReason = "the host's available memory less 10 %",
        Signals = "",
    };

    private static readonly HostLoad Idle = new()
    {
        Time = Then, Cores = 2, Load1 = 0.5, MemoryTotalBytes = 8192 * MiB, MemoryAvailableBytes = 512 * MiB, MemorySomeAvg10 = 0, PoolAvailable = 0, PoolTarget = 0,
        Sandboxes = [],
    };

    private static readonly MemoryRecord Grown = new()
    {
        Time = Then, Action = MemoryAction.Grown, Trigger = GrowthTrigger.High, FromMb = 256, ToMb = 512, Reason = "the high counter rose by 3",
        UsageBytes = 300 * MiB, WorkingSetBytes = 250 * MiB, SlopeBytesPerSecond = 120.0 * MiB, RoomBytes = 2048 * MiB,
    };

    private static readonly MemoryRecord Refused = new()
    {
        Time = Then.AddSeconds(1), Action = MemoryAction.Refused, Trigger = GrowthTrigger.Psi, FromMb = 512, ToMb = 512, WantedMb = 1024,
        Cause = RefusalCause.HostShort, Reason = "12 MB are left of the host's budget",
    };

    private static readonly SandboxMemory Calm = new()
    {
        Sandbox = new Sandbox
        {
            Id = SandboxId.New(), Session = SessionId.New(), Image = "debian", Status = SandboxStatus.Running, Labels = new Dictionary<string, string>(),
            Created = Then, LastUsed = Then, MemoryLimitMb = 256, AutoExpandMemory = true, MemoryCeilingMb = 2048, PidsLimit = 1024, Network = NetworkMode.None, RuntimeClass = "runc",
        },
        Running = true, StartMb = 256, LimitMb = 256, BrakeBytes = 256 * MiB, WallBytes = 384 * MiB, CeilingBytes = 2048 * MiB, UsageBytes = 190 * MiB,
        WorkingSetBytes = 185 * MiB, Pressure = default(Pressure),
    };

    [Fact]
    public void The_questions_come_in_the_order_in_which_people_ask() => Assert.Equal(
        ["Does its limit grow by itself?", "Why did it grow?", "Why was it refused more?", "Why is it slow?"],
        MemoryExplanation.Of(Calm, Host, Idle).Select(a => a.Question));

    [Fact]
    public void One_that_grows_by_itself_is_told_its_span_and_the_room() => Is(
        0, "Yes, from 256 MB up to its ceiling of 2048 MB while the host has room. Its limit is 256 MB now, and the ledger has room for 3072 MB more (the host's available memory less 10 %).", Calm);

    [Fact]
    public void One_that_does_not_is_told_why() => Is(
        0, "No: automatic growth is off for this sandbox. Its limit is 256 MB.", Calm with { GrowthOff = "automatic growth is off for this sandbox" });

    [Fact]
    public void One_that_has_never_grown() => Is(1, "It has not grown: its limit is the 256 MB it was started with.", Calm);

    [Fact]
    public void One_whose_decisions_are_forgotten() => Is(
        1, "Its limit of 512 MB is above the 256 MB it was started with; the decisions that raised it are no longer kept.", Calm with { LimitMb = 512 });

    [Theory]
    [InlineData(GrowthTrigger.High, "it had reached its brake")]
    [InlineData(GrowthTrigger.Psi, "its processes were stalled for lack of memory")]
    [InlineData(GrowthTrigger.Usage, "its working set had come near its brake")]
    [InlineData(GrowthTrigger.Manual, "somebody had asked for it")]
    public void A_growth_is_told_with_its_inputs(GrowthTrigger trigger, string because) => Is(
        1,
        $"At 2026-01-05 09:02:01 UTC its limit rose from 256 MB to 512 MB because {because} (the high counter rose by 3). It used 300 MB then, "
        + "250 MB of it without page cache that can be dropped, grew by 120 MB a second, and the ledger had room for 2048 MB.",
        Calm with { LimitMb = 512, Decisions = [Grown with { Trigger = trigger }] });

    [Fact]
    public void A_growth_by_hand_has_no_figures_and_none_are_made_up() => Is(
        1,
        "At 2026-01-05 09:02:01 UTC its limit rose from 256 MB to 512 MB because somebody had asked for it (memory expanded by agent decision).",
        Calm with
        {
            Decisions = [new MemoryRecord { Time = Then, Action = MemoryAction.Grown, Trigger = GrowthTrigger.Manual, FromMb = 256, ToMb = 512, Reason = "memory expanded by agent decision" }],
        });

    [Fact]
    public void The_delay_and_the_number_of_growths_are_told_where_there_are_any() => Is(
        1,
        "At 2026-01-05 09:02:01 UTC its limit rose from 256 MB to 512 MB because it had reached its brake (the high counter rose by 3). It used 300 MB then, "
        + "250 MB of it without page cache that can be dropped, grew by 1.5 MB a second, and the ledger had room for 2048 MB. "
        + "The limit was written 2.1 ms after the kernel's notification. It rose 2 times since 2026-01-05 09:01:01 UTC.",
        Calm with { Decisions = [Refused, Grown with { DelayUsec = 2100, SlopeBytesPerSecond = 1.5 * MiB }, Grown with { Time = Then.AddMinutes(-1) }] });

    [Fact]
    public void Nothing_was_refused() => Is(2, "Nothing was refused.", Calm with { Decisions = [Grown] });

    [Fact]
    public void A_refusal_that_is_tried_again() => Is(
        2,
        "At 2026-01-05 09:02:02 UTC 1024 MB were wanted and its limit stayed at 512 MB, because the host had no memory left to promise: "
        + "12 MB are left of the host's budget. It is tried again as soon as room appears.",
        Calm with { IsWaiting = true, Decisions = [Refused, Grown] });

    [Fact]
    public void A_refusal_that_was_made_good_later() => Is(
        2,
        "At 2026-01-05 09:02:02 UTC 1024 MB were wanted and its limit stayed at 512 MB, because the host had no memory left to promise: "
        + "12 MB are left of the host's budget. Later, at 2026-01-05 09:03:01 UTC, it was given 768 MB.",
        Calm with { Decisions = [Grown with { Time = Then.AddMinutes(1), ToMb = 768 }, Refused] });

    [Theory]
    [InlineData(RefusalCause.Ceiling, "its ceiling is 2048 MB")]
    [InlineData(RefusalCause.Off, "automatic growth is off for it")]
    public void The_other_causes_of_a_refusal(RefusalCause cause, string because) => Is(
        2,
        $"At 2026-01-05 09:02:02 UTC more was wanted and its limit stayed at 512 MB, because {because}: 12 MB are left of the host's budget.",
        Calm with { Decisions = [Refused with { Cause = cause, WantedMb = null }] });

    [Fact]
    public void Nothing_slows_it() => Is(3, "Nothing that Sleigh limits slows it.", Calm);

    [Fact]
    public void Without_PSI_it_is_said_that_stalls_cannot_be_seen() => Is(
        3, "Nothing that Sleigh limits slows it. This kernel has no stall figures (PSI), so waiting for memory cannot be seen.", Calm with { Pressure = null });

    [Fact]
    public void One_that_does_not_run() => Is(3, "It does not run; the next command starts it.", Calm with { Running = false });

    [Fact]
    public void One_that_is_frozen_for_another() => Is(
        3, "It is frozen to save memory for sandboxes of higher priority; a command thaws it.", Calm with { IsSqueezed = true });

    [Fact]
    public void One_that_is_frozen_for_a_moment() => Is(
        3, "It is frozen for a moment by a snapshot or a rollback.", Calm with { Sandbox = Calm.Sandbox with { Status = SandboxStatus.Paused } });

    [Fact]
    public void One_that_stands_at_its_brake() => Is(
        3,
        "It stands at its brake: it uses 250 MB of 256 MB and was refused more (12 MB are left of the host's budget), so the kernel slows down what allocates memory in it.",
        Calm with { IsWaiting = true, WorkingSetBytes = 250 * MiB, Decisions = [Refused] });

    [Fact]
    public void One_that_is_near_a_fixed_limit() => Is(
        3,
        "It uses 250 MB of its fixed limit of 256 MB; the kernel takes its page cache back and reads files again, and kills where that is not enough.",
        Calm with { BrakeBytes = null, WallBytes = 256 * MiB, WorkingSetBytes = 250 * MiB });

    [Fact]
    public void One_that_is_stalled() => Is(
        3,
        "In the last 10 s some of it waited for memory 12.30 % of the time, and all of it 4.00 %.",
        Calm with { Pressure = new Pressure(new StallFigures(12.3, 0, 0, default), new StallFigures(4, 0, 0, default)) });

    [Theory]
    [InlineData(1.5, "It met its CPU limit of 1.5 cores in 40.0 % of the scheduler's periods since it was started.")]
    [InlineData(null, "It met its CPU limit in 40.0 % of the scheduler's periods since it was started.")]
    public void One_that_is_held_back_by_its_CPU_limit(double? cpus, string sentence) => Is(
        3, sentence, Calm with { CpuThrottledShare = 0.4, Sandbox = Calm.Sandbox with { Cpus = cpus } });

    [Fact]
    public void One_on_a_host_that_is_short_itself() => Is(
        3,
        "The host itself is short of memory: in the last 10 s something waited for it 5.00 % of the time, and 512 MB of 8192 MB are available.",
        Calm,
        Idle with { MemorySomeAvg10 = 5 });

    [Fact]
    public void One_on_a_host_with_too_much_work() => Is(
        3, "The host's 2 cores are shared by more work than they can do at once: its load is 9.5.", Calm, Idle with { Load1 = 9.5 });

    [Fact]
    public void Several_causes_are_told_one_behind_the_other_and_small_ones_are_not()
    {
        Is(
            3,
            "It met its CPU limit in 40.0 % of the scheduler's periods since it was started. The host's 2 cores are shared by more work than they can do at once: its load is 2.1.",
            Calm with { CpuThrottledShare = 0.4, Pressure = new Pressure(new StallFigures(0.99, 0, 0, default), default) },
            Idle with { Load1 = 2.1, MemorySomeAvg10 = 0.9 });
        Is(3, "Nothing that Sleigh limits slows it.", Calm with { CpuThrottledShare = 0.04 });
    }

    private static void Is(int question, string sentence, SandboxMemory memory, HostLoad? load = null) =>
        Assert.Equal(sentence, MemoryExplanation.Of(memory, Host, load ?? Idle)[question].Answer);
}
