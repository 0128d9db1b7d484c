using Sleigh.Cgroups.Growth;
using Sleigh.Network;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.EventLog;

/// <summary>What the records say has happened.</summary>
public sealed class EventLogTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-events-").FullName;
    private readonly SessionId _session = SessionId.New();
    private RecordStore _store;
    private int _kept = 1000;

    public EventLogTests() => _store = Open();

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Numbers_grow_by_one_per_session_and_by_one_over_all_also_after_a_restart()
    {
        SessionId other = SessionId.New();
        Run(_session);
        Run(other);
        Reopen();
        Run(_session);

        Assert.Equal([1, 2, 3, 4], _store.ReadEvents(_session, 0, 100).Select(e => e.Seq));
        Assert.Equal([1, 2], _store.ReadEvents(other, 0, 100).Select(e => e.Seq));
        Assert.Equal([1, 2, 3, 4, 5, 6], _store.ReadEvents(null, 0, 100).Select(e => e.Number));
        Assert.Equal([3, 4], _store.ReadEvents(_session, 2, 100).Select(e => e.Seq));
        Assert.Equal([1], _store.ReadEvents(_session, 0, 1).Select(e => e.Seq));
        Assert.Equal((4, 2, 6), (_store.NewestEvent(_session), _store.NewestEvent(other), _store.NewestEvent(null)));
        Assert.Equal((0, 0), (_store.NewestEvent(SessionId.New()), _store.ReadEvents(SessionId.New(), 0, 10).Count));
    }

    [Fact]
    public void Exactly_the_last_ones_of_each_session_are_kept()
    {
        _kept = 5;
        SessionId other = SessionId.New();
        Run(other);
        for (int i = 0; i < 20; i++)
        {
            Run(_session);
        }

        Assert.Equal([36, 37, 38, 39, 40], _store.ReadEvents(_session, 0, 100).Select(e => e.Seq));
        Assert.Equal([1, 2], _store.ReadEvents(other, 0, 100).Select(e => e.Seq));
        Assert.Equal([1, 2, 38, 39, 40, 41, 42], _store.ReadEvents(null, 0, 100).Select(e => e.Number));
    }

    [Fact]
    public void A_command_tells_its_start_and_its_end_once_each_with_all_figures()
    {
        Exec exec = Exec(_session);
        _store.AddExec(Row(exec));
        Exec final = exec with
        {
            Status = ExecStatus.Cancelled, ExitCode = 143, Completed = Now.AddSeconds(1), TimedOut = true, Error = "e", Origin = ExecOrigin.Exec,
            Usage = new ExecUsage(1, null, 3, 4, 5, 6), StdoutBytes = 7, StderrBytes = 8,
            Recovery = "r", Oom = new OomReport(false, 9, 10, 11, "a"),
        };
        _store.FinishExec(final);
        _store.FinishExec(final with { Status = ExecStatus.Failed });
        Reopen();

        IReadOnlyList<SessionEvent> events = _store.ReadEvents(_session, 0, 100);
        Assert.Equal([EventTypes.ExecStarted, EventTypes.MemoryOom, EventTypes.ExecFinished], events.Select(e => e.Type));
        Assert.Equal(exec, events[0].Data.Exec);
        Assert.Equal(final.Oom, events[1].Data.Oom);
        Assert.Equal(final, events[2].Data.Exec);
        Assert.All(events, e => Assert.Equal((exec.Sandbox, exec.Id, _session), (e.Sandbox, e.Exec, e.Session)));
        Assert.Equal(ExecStatus.Cancelled, _store.FindExec(exec.Id)?.Exec.Status);
    }

    [Fact]
    public void A_snapshot_tells_its_making_its_safety_and_its_end()
    {
        SandboxRecord sandbox = Record(_session);
        Snapshot slow = Taken(sandbox) with { Name = "n" };
        Snapshot fast = Taken(sandbox) with { Durable = true };
        _store.AddSnapshot(slow);
        _store.SealSnapshot(slow, sandbox);
        _store.MarkSnapshotDurable(slow);
        _store.MarkSnapshotDurable(slow);
        _store.AddSnapshot(fast);
        _store.SealSnapshot(fast, sandbox);
        _store.MarkSnapshotDeleting(slow);
        _store.MarkSnapshotDurable(slow);

        IReadOnlyList<SessionEvent> events = _store.ReadEvents(_session, 0, 100);
        Assert.Equal(
            [
                (EventTypes.SnapshotCreated, slow.Id), (EventTypes.SnapshotDurable, slow.Id), (EventTypes.SnapshotCreated, fast.Id),
                (EventTypes.SnapshotDurable, fast.Id), (EventTypes.SnapshotDeleted, slow.Id),
            ],
            events.Select(e => (e.Type, e.Data.Snapshot!.Value)));
        Assert.Equal("n", events[0].Data.Name);
        Assert.All(events, e => Assert.Equal(sandbox.Sandbox.Id, e.Sandbox));
    }

    [Fact]
    public void A_deleted_sandbox_tells_the_reason_once_and_of_its_snapshots_first_and_nothing_after_it()
    {
        SandboxRecord sandbox = Record(_session);
        Snapshot done = Taken(sandbox);
        Snapshot halfDone = Taken(sandbox);
        _store.PutSandbox(sandbox, SandboxState.Live, [EventDraft.Of(EventTypes.SandboxCreated, sandbox.Sandbox, new EventRecord { Image = "debian", Name = "b" })]);
        _store.AddSnapshot(done);
        _store.SealSnapshot(done, sandbox);
        _store.AddSnapshot(halfDone);

        _store.MarkSandboxDeleting(sandbox.Sandbox, DeleteReason.Idle);
        _store.MarkSandboxDeleting(sandbox.Sandbox, DeleteReason.Request);
        _store.PutSandbox(sandbox, SandboxState.Live, [EventDraft.Of(EventTypes.SandboxExited, sandbox.Sandbox)]);
        Reopen();

        IReadOnlyList<SessionEvent> events = _store.ReadEvents(_session, 0, 100);
        Assert.Equal(
            [EventTypes.SandboxCreated, EventTypes.SnapshotCreated, EventTypes.SnapshotDeleted, EventTypes.SandboxDeleted], events.Select(e => e.Type));
        Assert.Equal(("debian", "b"), (events[0].Data.Image, events[0].Data.Name));
        Assert.Equal(done.Id, events[2].Data.Snapshot);
        Assert.Equal(DeleteReason.Idle, events[3].Data.Reason);
    }

    [Fact]
    public void Refused_packets_are_told_by_reason_also_after_a_restart()
    {
        Refusals refused = new(1, 2, 3, 4);
        _store.AddEvent(EventDraft.Refused(Record(_session).Sandbox, refused));
        Reopen();

        SessionEvent told = Assert.Single(_store.ReadEvents(_session, 0, 100));
        Assert.Equal((EventTypes.NetworkRefused, refused), (told.Type, told.Data.Refused));
    }

    [Fact]
    public void Decisions_to_grow_are_told_with_all_their_figures_also_after_a_restart()
    {
        Sandbox sandbox = Record(_session).Sandbox;
        GrowthEntry grown = new(Now, 256, 384, true, GrowthTrigger.Psi, "stalled 31.0 ms in 500 ms");
        GrowthEntry refused = new(Now.AddSeconds(1), 384, 384, false, GrowthTrigger.High, "refused: the host has 12 MB to give");
        _store.AddEvent(EventDraft.Of(sandbox, grown));
        _store.AddEvent(EventDraft.Of(sandbox, refused));
        _store.AddEvent(EventDraft.NearLimit(sandbox, "memory usage 91.20% exceeded threshold 85.00%"));
        _store.AddEvent(EventDraft.Of(EventTypes.SandboxPaused, sandbox));
        _store.AddEvent(EventDraft.Of(EventTypes.SandboxResumed, sandbox));
        Reopen();

        IReadOnlyList<SessionEvent> events = _store.ReadEvents(_session, 0, 100);
        Assert.Equal(["memory.grown", "memory.growth_refused", "memory.near_limit", "sandbox.paused", "sandbox.resumed"], events.Select(e => e.Type));
        Assert.Equal([grown, refused, null, null, null], events.Select(e => e.Data.Growth));
        Assert.Equal([null, null, "memory usage 91.20% exceeded threshold 85.00%", null, null], events.Select(e => e.Data.NearLimit));
        Assert.All(events, e => Assert.Equal((sandbox.Id, null), (e.Sandbox, e.Exec)));
    }

    [Theory]
    [InlineData(MemoryAction.Grown, true)]
    [InlineData(MemoryAction.Refused, false)]
    public void The_growth_entry_of_a_decision_says_what_became_of_it(MemoryAction action, bool granted) => Assert.Equal(
        new GrowthEntry(Now, 256, 384, granted, GrowthTrigger.High, "brake reached"),
        GrowthEntry.Of(new MemoryRecord { Time = Now, Action = action, Trigger = GrowthTrigger.High, FromMb = 256, ToMb = 384, Reason = "brake reached" }));

    [Theory]
    [InlineData(MemoryAction.GivenBack)]
    [InlineData(MemoryAction.Squeezed)]
    public void A_decision_that_is_not_about_growing_has_no_growth_entry(MemoryAction action) =>
        Assert.Null(GrowthEntry.Of(new MemoryRecord { Time = Now, Action = action, FromMb = 384, ToMb = 256, Reason = "no stall for 30 s" }));

    [Fact]
    public void A_change_that_is_not_done_tells_nothing()
    {
        SandboxRecord first = Record(_session) with { Sandbox = Record(_session).Sandbox with { Name = "box" } };
        SandboxRecord second = first with { Sandbox = first.Sandbox with { Id = SandboxId.New() } };
        _store.PutSandbox(first, SandboxState.Live, [EventDraft.Of(EventTypes.SandboxCreated, first.Sandbox)]);

        Assert.Throws<Linux.Sqlite.SqliteException>(
            () => _store.PutSandbox(second, SandboxState.Live, [EventDraft.Of(EventTypes.SandboxCreated, second.Sandbox)]));

        Assert.Equal(1, _store.NewestEvent(null));
    }

    [Fact]
    public async Task A_watch_is_told_of_its_own_session_only_and_many_events_are_one_message()
    {
        using EventWatch mine = _store.Watches.Open(_session);
        using EventWatch other = _store.Watches.Open(SessionId.New());
        using EventWatch all = _store.Watches.Open(null);

        Run(_session);
        Run(_session);

        Assert.True(await mine.ChangedAsync());
        Assert.True(await all.ChangedAsync());
        Task<bool> again = mine.ChangedAsync();
        Assert.False(again.IsCompleted);
        Assert.False(other.ChangedAsync().IsCompleted);
        _store.Watches.End(_session, SessionEndReason.Expired);
        Assert.True(await again);
        Assert.Equal(SessionEndReason.Expired, mine.Ended);
        Assert.Null(all.Ended);
    }

    [Fact]
    public void Events_of_an_ended_session_are_read_by_the_administrator_for_a_while_and_numbers_are_never_given_twice()
    {
        Sessions sessions = new(_store, new Options.LiveOptions(new Options.SleighOptions()), TimeProvider.System);
        SessionId id = sessions.Issue().Session.Id;
        Run(id);
        _store.EndSession(id, SessionEndReason.Revoked, Now);
        _store.ForgetEndedSessions(Now.AddDays(1));
        Assert.Equal(2, _store.ReadEvents(null, 0, 10).Count);

        _store.ClearSession(id);
        _store.ForgetEndedSessions(Now);
        Assert.Equal(2, _store.ReadEvents(null, 0, 10).Count);
        _store.ForgetEndedSessions(Now.AddSeconds(1));
        Reopen();

        Assert.Empty(_store.ReadEvents(null, 0, 10));
        Run(_session);
        Assert.Equal([3, 4], _store.ReadEvents(null, 0, 10).Select(e => e.Number));
    }

    private void Run(SessionId session)
    {
        Exec exec = Exec(session);
        _store.AddExec(Row(exec));
        _store.FinishExec(exec with { Status = ExecStatus.Succeeded, ExitCode = 0, Completed = Now });
    }

    private static Exec Exec(SessionId session) => new()
    {
        Id = ExecId.New(), Sandbox = SandboxId.New(), Session = session, Status = ExecStatus.Running, Started = Now,
    };

    private static ExecRow Row(Exec exec) => new(exec, SlotId.New(), null, null, ExecEndCause.Itself);

    private static SandboxRecord Record(SessionId session) => new()
    {
        Sandbox = new Sandbox
        {
            Id = SandboxId.New(), Session = session, Image = "debian", Status = SandboxStatus.Exited, Labels = new Dictionary<string, string>(),
            Created = Now, LastUsed = Now, MemoryLimitMb = 256, AutoExpandMemory = false, MemoryCeilingMb = 512, PidsLimit = 1024, Network = NetworkMode.None, RuntimeClass = "runc",
        },
        Layer = "lyr-0123456789ab",
        Chain = "sha256:abc",
        Settings = new ImageSettings([], null, null),
        Env = new Dictionary<string, string>(),
    };

    private static Snapshot Taken(SandboxRecord of) => new()
    {
        Id = SnapshotId.New(), Sandbox = of.Sandbox.Id, Session = of.Sandbox.Session, Created = Now,
        Limits = new CapturedLimits(256, 512, null, 1024, null), Labels = new Dictionary<string, string>(),
    };

    private RecordStore Open() => RecordStore.Open(Path.Combine(_folder, "sleigh.db"), TimeProvider.System, () => _kept);

    private void Reopen()
    {
        _store.Dispose();
        _store = Open();
    }
}
