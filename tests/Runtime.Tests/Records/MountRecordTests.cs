using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Records;

/// <summary>Rows of mounts: intents first, and with the sandbox they go.</summary>
public sealed class MountRecordTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-records-").FullName;
    private readonly SandboxRecord _sandbox = new()
    {
        Sandbox = new Sandbox
        {
            Id = SandboxId.New(), Session = SessionId.New(), Image = "debian", Status = SandboxStatus.Exited, Labels = new Dictionary<string, string>(),
            Created = Now, LastUsed = Now, MemoryLimitMb = 256, AutoExpandMemory = true, MemoryCeilingMb = 512, PidsLimit = 1024, Network = NetworkMode.None,
            RuntimeClass = "runc",
        },
        Layer = "lyr-0123456789ab", Chain = "sha256:abc", Settings = new ImageSettings([], null, null), Env = new Dictionary<string, string>(),
    };

    private RecordStore _store;

    public MountRecordTests()
    {
        _store = Open();
        _store.PutSandbox(_sandbox, SandboxState.Live);
    }

    private SessionId Session => _sandbox.Sandbox.Session;

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_mount_comes_back_as_it_was_written_in_each_state()
    {
        MountRecord making = Record("/a"), live = Record("/b"), removing = Record("/c"), kept = Record("/d");
        foreach (MountRecord record in (MountRecord[])[making, live, removing, kept])
        {
            Assert.True(_store.AddMount(record));
        }

        _store.MarkMountLive(live, Session);
        _store.MarkMountLive(removing, Session);
        _store.MarkMountRemoving(removing.Mount.Id);
        _store.MarkMountRemoving(kept.Mount.Id);
        _store.KeepMount(kept.Mount.Id);
        Reopen();

        Assert.Equal(
            [(making, MountState.Making), (live, MountState.Live), (removing, MountState.Removing), (kept, MountState.Live)], _store.ReadMounts());
    }

    [Fact]
    public void Events_tell_of_mounts_that_came_into_force_and_of_their_end_once()
    {
        MountRecord record = Record("/a"), undone = Record("/b");
        _store.AddMount(record);
        _store.AddMount(undone);
        _store.RemoveMount(undone.Mount, null);
        _store.MarkMountLive(record, Session);
        _store.RemoveMount(record.Mount, Session);
        _store.RemoveMount(record.Mount, Session);

        IReadOnlyList<SessionEvent> told = _store.ReadEvents(Session, 0, 10);
        Assert.Equal([EventTypes.MountAdded, EventTypes.MountRemoved], told.Select(e => e.Type));
        Assert.All(told, e => Assert.Equal(record.Mount with { Created = e.Time }, e.Data.Mount));
    }

    [Fact]
    public void A_new_slot_puts_new_numbers_and_one_that_was_left_out_has_none()
    {
        MountRecord record = Record("/a"), other = Record("/b");
        _store.AddMount(record);
        _store.AddMount(other);
        SlotId slot = SlotId.New();
        MountRecord moved = record with { Slot = slot, Number = 77 };
        MountRecord lost = other with { Slot = null, Number = 0 };

        _store.PutSandbox(
            _sandbox with { Slot = slot }, SandboxState.Live, [],
            new SlotRecord(slot, SlotState.Claimed, _sandbox.Sandbox.Id, 5, new SlotLimits(256, null, 100)) { Mounts = [moved, lost] });
        Reopen();

        Assert.Equal([moved, lost], _store.ReadMounts().Select(row => row.Record));
    }

    [Fact]
    public void A_sandbox_that_is_being_deleted_gets_no_mount_and_takes_its_rows_along()
    {
        MountRecord record = Record("/a"), late = Record("/b");
        _store.AddMount(record);
        _store.MarkSandboxDeleting(_sandbox.Sandbox, DeleteReason.Request);

        Assert.False(_store.AddMount(late));
        _store.MarkMountLive(record, Session);
        Assert.DoesNotContain(_store.ReadEvents(Session, 0, 10), e => e.Type == EventTypes.MountAdded);
        _store.RemoveSandbox(_sandbox.Sandbox.Id);
        Assert.Empty(_store.ReadMounts());
    }

    [Fact]
    public void A_snapshot_keeps_the_mounts_that_were_in_force()
    {
        Snapshot taken = new()
        {
            Id = SnapshotId.New(), Sandbox = _sandbox.Sandbox.Id, Session = Session, Created = Now, Limits = new CapturedLimits(256, 512, null, 64, null),
            Labels = new Dictionary<string, string>(),
            Mounts = [new CapturedMount("/srv/a", "/a", MountMode.ReadOnly), new CapturedMount("/srv/b", "/b", MountMode.ReadWrite)],
        };
        _store.AddSnapshot(taken);
        Reopen();

        Assert.Equal(taken.Mounts, _store.ReadSnapshots().Single().Snapshot.Mounts);
    }

    [Fact]
    public void An_event_tells_what_was_copied()
    {
        EnvironmentCopy copy = new("/py", "/opt", 3, 40, TimeSpan.FromMilliseconds(1.5));
        _store.AddEvent(EventDraft.Of(EventTypes.EnvironmentCopied, _sandbox.Sandbox, new EventRecord { Copied = CopyFacts.Of(copy) }));

        Assert.Equal(copy, _store.ReadEvents(Session, 0, 10).Single().Data.Copied);
    }

    private MountRecord Record(string path) => new()
    {
        Mount = new Mount
        {
            Id = MountId.New(), Sandbox = _sandbox.Sandbox.Id, HostPath = "/srv" + path, ContainerPath = path, Mode = MountMode.ReadWrite, Created = Now,
        },
        Slot = SlotId.New(),
        Number = 12,
    };

    private RecordStore Open() => RecordStore.Open(Path.Combine(_folder, "sleigh.db"));

    private void Reopen()
    {
        _store.Dispose();
        _store = Open();
    }
}
