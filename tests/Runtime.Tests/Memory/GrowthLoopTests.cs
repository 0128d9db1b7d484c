using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Cgroups;
using Sleigh.Cgroups.Growth;
using Sleigh.Linux;
using Sleigh.Linux.KernelFiles;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.TestSupport;
using static Sleigh.Runtime.Tests.Memory.FakeMemorySlot;

namespace Sleigh.Runtime.Tests.Memory;

public sealed class GrowthLoopTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-growth-").FullName;
    private readonly ConcurrentDictionary<Cgroup, Action<GrowthTrigger>> _kernel = new();
    private readonly List<FakeMemorySlot> _slots = [];
    private readonly LiveOptions _options = new(new SleighOptions { Memory = new MemoryOptions { GiveBackAfter = TimeSpan.FromSeconds(1) } });
    private readonly RecordStore _records;
    private readonly GrowthLoop _loop;
    private readonly MemoryTeller _teller;
    private MemoryInfo _host = new(8192 * MB, 6000 * MB);

    public GrowthLoopTests()
    {
        _records = RecordStore.Open(Path.Combine(_folder, "sleigh.db"));
        _teller = new MemoryTeller(_records, NullLogger.Instance);
        _loop = new GrowthLoop(
            () => _host, () => new Dictionary<SandboxId, int>(), _options, null, _teller,
            (group, _, woken) =>
            {
                _kernel[group] = woken;
                return new Forget(() => _kernel.TryRemove(group, out Action<GrowthTrigger>? forgotten));
            },
            TimeProvider.System, NullLogger.Instance);
    }

    public ValueTask InitializeAsync()
    {
        _loop.Start();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        await _teller.DisposeAsync();
        _records.Dispose();
        _slots.ForEach(s => s.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_notification_of_a_reached_brake_raises_wall_and_brake_and_is_told()
    {
        (SandboxEntry entry, FakeMemorySlot slot) = await WatchAsync();

        Reach(slot, 256 * MB, high: 1);

        await GrownAsync(entry);
        MemoryRecord record = entry.Memory.Newest()[0];
        Assert.Equal((MemoryAction.Grown, GrowthTrigger.High, 256), (record.Action, record.Trigger, record.FromMb));
        Assert.True(record.ToMb >= 384, $"grew to {record.ToMb} MB");
        Assert.Equal(record.ToMb * MB, slot.Brake);
        Assert.Equal(record.WallBytes, slot.Wall);
        Assert.Equal(Math.Min(900 * MB, GrowthPolicy.WallOf(slot.Brake, new GrowthOptions())), slot.Wall);
        Assert.InRange(record.DelayUsec!.Value, 1, 1_000_000);
        await TellsAsync(entry, EventTypes.MemoryGrown);
    }

    [Fact]
    public async Task Page_cache_at_the_brake_grows_nothing()
    {
        (SandboxEntry entry, FakeMemorySlot slot) = await WatchAsync();

        slot.Uses(256 * MB, droppable: 150 * MB);
        slot.Counts(high: 5);
        _kernel[slot.Group](GrowthTrigger.High);

        await LookedAsync(slot);
        Assert.Empty(entry.Memory.Newest());
        Assert.Equal(256 * MB, slot.Brake);
    }

    [Fact]
    public async Task A_refused_growth_is_told_once_and_done_when_the_host_has_room_again_without_another_notification()
    {
        (SandboxEntry entry, FakeMemorySlot slot) = await WatchAsync();
        _host = new MemoryInfo(8192 * MB, 700 * MB);

        Reach(slot, 250 * MB, high: 1);
        await Poll.UntilAsync(() => entry.Memory.Newest().Count == 1, 5, () => "no decision");
        await Task.Delay(400, TestContext.Current.CancellationToken);

        MemoryRecord refused = Assert.Single(entry.Memory.Newest());
        Assert.Equal((MemoryAction.Refused, RefusalCause.HostShort, 256, 256), (refused.Action, refused.Cause, refused.FromMb, refused.ToMb));
        Assert.NotEmpty(refused.Reason);
        Assert.True(_loop.Find(slot)!.IsWaiting);
        Assert.Equal(256 * MB, slot.Brake);
        await TellsAsync(entry, EventTypes.MemoryGrowthRefused);

        _host = new MemoryInfo(8192 * MB, 6000 * MB);

        await GrownAsync(entry);
        Assert.Null(entry.Memory.Newest()[0].DelayUsec);
        Assert.False(_loop.Find(slot)!.IsWaiting);
    }

    [Fact]
    public async Task A_sandbox_that_may_not_grow_keeps_its_wall_and_the_refusal_has_its_reason()
    {
        (SandboxEntry entry, FakeMemorySlot slot) = await WatchAsync(auto: false, wallMb: null);
        Assert.Equal("max", slot.Read("execs/memory.high"));

        slot.Uses(256 * MB);
        slot.Counts(max: 3);
        _kernel[slot.Group](GrowthTrigger.High);

        await Poll.UntilAsync(() => entry.Memory.Newest().Count == 1, 5, () => "no decision");
        Assert.Equal(RefusalCause.Off, entry.Memory.Newest()[0].Cause);
        Assert.Equal(256 * MB, slot.Wall);
        Assert.Equal("max", slot.Read("execs/memory.high"));
    }

    [Fact]
    public async Task A_cgroup_that_vanishes_is_let_go_and_the_others_grow_on()
    {
        (_, FakeMemorySlot gone) = await WatchAsync();
        (SandboxEntry entry, FakeMemorySlot slot) = await WatchAsync();

        Action<GrowthTrigger> woken = _kernel[gone.Group];
        gone.Vanish();
        woken(GrowthTrigger.High);
        await Poll.UntilAsync(() => _loop.Find(gone) is null, 5, () => "still watched");

        Assert.DoesNotContain(gone.Group, _kernel.Keys);
        Reach(slot, 256 * MB, high: 1);
        await GrownAsync(entry);
    }

    [Fact]
    public async Task A_limit_that_the_kernel_refuses_to_write_changes_nothing_and_the_others_grow_on()
    {
        (SandboxEntry stuck, FakeMemorySlot readOnly) = await WatchAsync();
        (SandboxEntry entry, FakeMemorySlot slot) = await WatchAsync();
        string wall = Path.Combine(readOnly.Group.Path, "memory.max");
        File.Delete(wall);

        // A number that can be read, and whose writing the kernel refuses.
        File.CreateSymbolicLink(wall, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
        Reach(readOnly, 256 * MB, high: 1);
        Reach(slot, 256 * MB, high: 1);

        await GrownAsync(entry);
        Assert.Empty(stuck.Memory.Newest());
        Assert.Equal(256, readOnly.Limits.MemoryMb);
        Assert.Equal(256 * MB, readOnly.Brake);
    }

    [Fact]
    public async Task A_sandbox_whose_stalls_cannot_be_watched_grows_on_its_events()
    {
        List<StallTrigger?> asked = [];
        StallTrigger trigger = new(TimeSpan.FromMilliseconds(25), TimeSpan.FromMilliseconds(500), null);
        await using GrowthLoop loop = new(
            () => _host, () => new Dictionary<SandboxId, int>(), _options, trigger, _teller,
            (group, stalls, woken) =>
            {
                asked.Add(stalls);
                _kernel[group] = woken;
                return stalls is null ? new Forget(() => { }) : throw new KernelFileException("write", "memory.pressure", null, Errno.ENOMEM);
            },
            TimeProvider.System, NullLogger.Instance);
        loop.Start();
        using FakeMemorySlot slot = new(256, 384);
        SandboxEntry entry = new(Record(auto: true, 256), null, TimeProvider.System);
        loop.Watch(entry, slot);
        await Poll.UntilAsync(() => loop.Find(slot)?.State.Last is not null, 5, () => "not watched");

        Reach(slot, 256 * MB, high: 1);

        await GrownAsync(entry);
        Assert.Equal([trigger, null], asked);
    }

    [Fact]
    public async Task A_slot_without_a_brake_gets_one_when_its_sandbox_may_grow()
    {
        (_, FakeMemorySlot slot) = await WatchAsync(auto: true, wallMb: null);

        await Poll.UntilAsync(() => slot.Limits.WallMb == 384, 5, () => $"{slot.Limits}");
        Assert.Equal((256 * MB, 384 * MB), (slot.Brake, slot.Wall));
    }

    [Fact]
    public async Task A_limit_that_was_recorded_and_not_written_is_written()
    {
        (_, FakeMemorySlot slot) = await WatchAsync(startMb: 512);

        await Poll.UntilAsync(() => slot.Brake == 512 * MB, 5, () => $"{slot.Brake}");
        Assert.Equal(704 * MB, slot.Wall);
    }

    [Fact]
    public async Task What_is_not_needed_is_given_back_and_never_below_the_start()
    {
        (SandboxEntry entry, FakeMemorySlot slot) = await WatchAsync();
        Reach(slot, 256 * MB, high: 1);
        await GrownAsync(entry);

        slot.Uses(120 * MB);

        await Poll.UntilAsync(() => slot.Limits.MemoryMb == 256, 20, () => $"{slot.Limits}");
        Assert.Equal((256 * MB, 384 * MB), (slot.Brake, slot.Wall));
        MemoryRecord[] given = [.. entry.Memory.Newest().Where(r => r.Action == MemoryAction.GivenBack)];
        MemoryRecord one = Assert.Single(given);
        Assert.Equal(256, one.ToMb);
        Assert.True(one.FromMb >= 384, $"from {one.FromMb}");
    }

    [Fact]
    public async Task When_the_host_is_short_the_one_that_does_not_use_its_promise_gives_it_up_for_the_one_in_need()
    {
        _options.Replace(new SleighOptions { Memory = new MemoryOptions { GiveBackAfter = null } });
        (SandboxEntry rich, FakeMemorySlot unused) = await WatchAsync();
        Reach(unused, 256 * MB, high: 1);
        await GrownAsync(rich);
        unused.Uses(100 * MB);
        await Task.Delay(MemoryLedger.IdleAfter + TimeSpan.FromSeconds(1.5), TestContext.Current.CancellationToken);
        int promised = unused.Limits.WallMb!.Value;
        Assert.True(promised >= 500, $"{promised}");

        (SandboxEntry needy, FakeMemorySlot slot) = await WatchAsync();
        _host = new MemoryInfo(8192 * MB, (819 + 500) * MB);
        Reach(slot, 256 * MB, high: 1);

        await GrownAsync(needy);
        Assert.True(unused.Limits.WallMb < promised, $"still {unused.Limits}");
        Assert.Equal(MemoryAction.GivenBack, rich.Memory.Newest()[0].Action);
    }

    [Fact]
    public async Task An_idle_one_of_lower_priority_is_frozen_and_may_go_to_swap_when_another_needs_memory_and_only_where_that_is_allowed()
    {
        (SandboxEntry low, FakeMemorySlot idle) = await WatchAsync(priority: -5);
        (SandboxEntry needy, FakeMemorySlot slot) = await WatchAsync();
        idle.Uses(200 * MB);
        _host = new MemoryInfo(8192 * MB, 819 * MB, 4000 * MB);

        Reach(slot, 256 * MB, high: 1);
        await Poll.UntilAsync(() => needy.Memory.Newest() is [{ Action: MemoryAction.Refused }], 5, () => "not refused");
        Assert.Equal("0", idle.Read("execs/cgroup.freeze"));

        _options.Replace(new SleighOptions { Memory = new MemoryOptions { SqueezeIdle = true } });
        await Poll.UntilAsync(() => low.Memory.Newest() is [{ Action: MemoryAction.Squeezed }], 20, () => "not squeezed");

        Assert.True(idle.IsSqueezed);
        Assert.Equal(("1", "max"), (idle.Read("execs/cgroup.freeze"), idle.Read("memory.swap.max")));
        Assert.Equal("0", slot.Read("execs/cgroup.freeze"));
        Assert.Matches($"^idle and of lower priority: frozen and squeezed by [0-9]+ MB for {needy.Id}$", low.Memory.Newest()[0].Reason);
        await TellsAsync(low, EventTypes.SandboxPaused);
        _loop.Resume(low, idle);
        Assert.StartsWith("0", idle.Read("memory.swap.max"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_into_which_a_connection_is_open_is_not_idle_and_not_frozen()
    {
        _options.Replace(new SleighOptions { Memory = new MemoryOptions { SqueezeIdle = true } });
        (SandboxEntry low, FakeMemorySlot idle) = await WatchAsync(priority: -5);
        (SandboxEntry needy, FakeMemorySlot slot) = await WatchAsync();
        idle.IsConnectedTo = true;
        idle.Uses(200 * MB);
        _host = new MemoryInfo(8192 * MB, 819 * MB, 4000 * MB);
        await Poll.UntilAsync(() => !_loop.Find(idle)!.Line.Idle, 60, () => "still idle");

        Reach(slot, 256 * MB, high: 1);
        await Poll.UntilAsync(() => needy.Memory.Newest() is [{ Action: MemoryAction.Refused }], 60, () => "not refused");
        Assert.Equal(("0", false), (idle.Read("execs/cgroup.freeze"), idle.IsSqueezed));

        idle.IsConnectedTo = false;
        await Poll.UntilAsync(() => low.Memory.Newest() is [{ Action: MemoryAction.Squeezed }], 60, () => "not squeezed");
    }

    [Fact]
    public async Task A_sandbox_that_cannot_be_squeezed_runs_on_and_swap_is_closed_to_it_again()
    {
        _options.Replace(new SleighOptions { Memory = new MemoryOptions { SqueezeIdle = true } });
        (_, FakeMemorySlot idle) = await WatchAsync(priority: -5);
        (SandboxEntry needy, FakeMemorySlot slot) = await WatchAsync();
        string reclaim = Path.Combine(idle.Group.Path, "memory.reclaim");
        File.Delete(reclaim);
        Directory.CreateDirectory(reclaim);
        _host = new MemoryInfo(8192 * MB, 819 * MB, 4000 * MB);

        await Poll.UntilAsync(() => _loop.Find(idle)!.Line.Idle, 5, () => "not idle");
        Reach(slot, 256 * MB, high: 1);
        await TellsAsync(_loop.Find(idle)!.Entry, EventTypes.SandboxPaused);
        _host = new MemoryInfo(8192 * MB, 6000 * MB, 4000 * MB);
        await TellsAsync(_loop.Find(idle)!.Entry, EventTypes.SandboxResumed);

        await GrownAsync(needy);
        await Poll.UntilAsync(() => !idle.IsSqueezed && idle.Read("execs/cgroup.freeze") == "0", 5, () => "still frozen");
        Assert.StartsWith("0", idle.Read("memory.swap.max"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frozen_sandbox_goes_on_when_it_is_resumed_and_both_are_told()
    {
        (SandboxEntry entry, FakeMemorySlot slot) = await WatchAsync();
        slot.IsSqueezed = true;
        slot.Put("execs/cgroup.freeze", "1");

        _loop.Resume(entry, slot);

        Assert.False(slot.IsSqueezed);
        Assert.Equal("0", slot.Read("execs/cgroup.freeze"));
        await TellsAsync(entry, EventTypes.SandboxResumed);
        _loop.Resume(entry, slot);
        Assert.Single(_records.ReadEvents(null, 0, 100), e => e.Type == EventTypes.SandboxResumed);
    }

    [Fact]
    public async Task A_limit_raised_by_hand_takes_the_wall_with_it_and_is_never_lowered()
    {
        (SandboxEntry entry, FakeMemorySlot slot) = await WatchAsync();

        Assert.Null(await _loop.RunAsync(() => _loop.RefusalOf(slot, 512 * MB)));
        Assert.True(await _loop.RunAsync(() => _loop.RaiseTo(slot, entry.Record.LimitsAt(512))));
        Assert.Equal((512 * MB, 704 * MB), (slot.Brake, slot.Wall));
        Assert.False(await _loop.RunAsync(() => _loop.RaiseTo(slot, entry.Record.LimitsAt(300))));
        Assert.Equal(512 * MB, slot.Brake);

        _host = new MemoryInfo(8192 * MB, 800 * MB);
        Assert.NotEmpty((await _loop.RunAsync(() => _loop.RefusalOf(slot, 900 * MB)))!);
    }

    [Fact]
    public async Task A_kill_for_memory_is_counted_once()
    {
        (SandboxEntry entry, FakeMemorySlot slot) = await WatchAsync();

        slot.Counts(max: 1, kills: 2);
        _kernel[slot.Group](GrowthTrigger.High);
        await LookedAsync(slot);

        Assert.Equal(2, _loop.Find(slot)!.OomKills);
        Assert.Equal(SandboxStatus.Exited, entry.View.Status);
    }

    private void Reach(FakeMemorySlot slot, long usage, int high)
    {
        slot.Uses(usage);
        slot.Counts(high);
        _kernel[slot.Group](GrowthTrigger.High);
    }

    private async Task<(SandboxEntry Entry, FakeMemorySlot Slot)> WatchAsync(bool auto = true, int? wallMb = 384, int startMb = 256, int priority = 0)
    {
        FakeMemorySlot slot = new(256, wallMb);
        _slots.Add(slot);
        SandboxEntry entry = new(Record(auto, startMb, priority), null, TimeProvider.System);
        _loop.Watch(entry, slot);
        await Poll.UntilAsync(() => _kernel.ContainsKey(slot.Group) && _loop.Find(slot)?.State.Last is not null, 5, () => "not watched");
        return (entry, slot);
    }

    private static Task GrownAsync(SandboxEntry entry) => Poll.UntilAsync(
        () => entry.Memory.Newest() is [{ Action: MemoryAction.Grown }, ..], 5, () => string.Join("; ", entry.Memory.Newest()));

    // What was posted before this is done when it returns.
    private async Task LookedAsync(FakeMemorySlot slot)
    {
        await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.True(await _loop.RunAsync(() => _loop.Find(slot) is not null));
    }

    private Task TellsAsync(SandboxEntry entry, string type) => Poll.UntilAsync(
        () => _records.ReadEvents(null, 0, 100).Any(e => e.Type == type && e.Sandbox == entry.Id), 5, () => $"no event {type}");

    private static SandboxRecord Record(bool auto, int startMb, int priority = 0) => new()
    {
        Sandbox = new Sandbox
        {
            Id = SandboxId.New(), Session = SessionId.New(), Image = "debian", Status = SandboxStatus.Running,
            Labels = new Dictionary<string, string> { [SandboxPriority.Label] = $"{priority}" }, Created = DateTimeOffset.UtcNow, LastUsed = DateTimeOffset.UtcNow, MemoryLimitMb = startMb,
            AutoExpandMemory = auto, MemoryCeilingMb = 900, PidsLimit = 100, Network = NetworkMode.None, RuntimeClass = "runc",
        },
        Layer = "lyr-0123456789ab",
        Chain = "sha256:abc",
        Settings = new ImageSettings([], null, null),
        Env = new Dictionary<string, string>(),
    };

    private sealed class Forget(Action act) : IDisposable
    {
        public void Dispose() => act();
    }
}
