using Sleigh.Linux.Sqlite;
using Sleigh.Network;
using Sleigh.Overlay;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Records;

public sealed class RecordStoreTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-records-").FullName;
    private RecordStore _store;

    public RecordStoreTests() => _store = Open();

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_sandbox_comes_back_as_it_was_written()
    {
        SandboxRecord full = Record() with
        {
            Sandbox = Record().Sandbox with
            {
                Cpus = 1.5, DiskLimitMb = 64, User = "ann", Name = "box", BaseSnapshot = SnapshotId.New(), Expires = Now.AddHours(1),
                Parent = new SandboxParent(SandboxId.New(), SnapshotId.New()), OnOom = OomAction.Rollback,
                AutoSnapshot = AutoSnapshot.Exec,
            },
            Mark = new LayerMark("btrfs:17"), Slot = SlotId.New(), Ttl = TimeSpan.FromSeconds(90),
        };
        SandboxRecord small = Record();
        _store.PutSandbox(full, SandboxState.Live);
        _store.PutSandbox(small, SandboxState.Making);

        Reopen();

        var rows = _store.ReadSandboxes().ToDictionary(row => row.Record.Sandbox.Id);
        AssertSame(full, rows[full.Sandbox.Id].Record);
        AssertSame(small, rows[small.Sandbox.Id].Record);
        Assert.Equal(SandboxState.Making, rows[small.Sandbox.Id].State);
    }

    [Fact]
    public void The_last_use_of_an_image_comes_back()
    {
        _store.PutImageUse("docker.io/library/a:1", Now);
        _store.PutImageUse("docker.io/library/b:1", Now);
        _store.PutImageUse("docker.io/library/a:1", Now.AddHours(1));
        _store.RemoveImageUse("docker.io/library/b:1");

        Reopen();

        Assert.Equal([("docker.io/library/a:1", Now.AddHours(1))], _store.ReadImageUses());
    }

    [Fact]
    public void A_name_is_unique_among_the_living_of_a_session()
    {
        SandboxRecord first = Record() with { Sandbox = Record().Sandbox with { Name = "box" } };
        SandboxRecord second = first with { Sandbox = first.Sandbox with { Id = SandboxId.New() } };
        _store.PutSandbox(first, SandboxState.Live);
        _store.MarkSandboxDeleting(first.Sandbox, DeleteReason.Request);

        _store.PutSandbox(second, SandboxState.Live);

        Assert.Equal(SandboxState.Deleting, _store.ReadSandboxes().Single(r => r.Record.Sandbox.Id == first.Sandbox.Id).State);
    }

    [Fact]
    public void A_slot_changes_in_the_same_step_as_its_sandbox()
    {
        SandboxRecord record = Record() with { Slot = SlotId.New() };
        SlotRecord slot = new(record.Slot.Value, SlotState.Claimed, record.Sandbox.Id, 4711, new SlotLimits(256, null, 100)) 
        {
            Mark = "filter:rest", Mode = NetworkMode.Host,
        };

        _store.PutSandbox(record, SandboxState.Live, [], slot);
        Reopen();

        Assert.Equal(slot, Assert.Single(_store.ReadSlots()));

        // What its container was made as stays, whoever writes the rest.
        _store.PutSlot(slot with { State = SlotState.Ending, Mark = null, Mode = NetworkMode.None });
        Assert.Equal(("filter:rest", NetworkMode.Host), (Assert.Single(_store.ReadSlots()).Mark, Assert.Single(_store.ReadSlots()).Mode));
        _store.RemoveSlot(slot.Id);
        Assert.Empty(_store.ReadSlots());
    }

    [Fact]
    public void Slots_of_a_database_without_modes_are_on_the_network_if_they_have_a_namespace_of_it_and_have_loopback_alone_else()
    {
        string path = Path.Combine(_folder, "before");
        int before = Array.FindIndex(Schema.Steps, step => step.Contains("ALTER TABLE slots ADD COLUMN mode", StringComparison.Ordinal));
        (SlotId connected, SlotId alone) = (SlotId.New(), SlotId.New());
        NamespaceName network = NamespaceName.New();
        using (SqliteDatabase database = SqliteDatabase.Open(path, Schema.Steps[..before]))
        {
            foreach ((SlotId id, string? name) in ((SlotId, string?)[])[(connected, network.ToString()), (alone, null)])
            {
                database.Write(db =>
                {
                    using SqliteStatement put = db.Prepare("INSERT INTO slots (id, state, pid, limits, network) VALUES (?1, 'claimed', 4711, ?2, ?3)");
                    put.Bind(1, id.ToString()).Bind(2, """{"MemoryMb":256,"Cpus":null,"Pids":100,"WallMb":null}""").Bind(3, name).Run();
                });
            }
        }

        using RecordStore store = RecordStore.Open(path);

        Assert.Equal((NetworkMode.Bridge, network), store.ReadSlots().Where(s => s.Id == connected).Select(s => (s.Mode, s.Network!.Value)).Single());
        Assert.Equal((NetworkMode.None, null), store.ReadSlots().Where(s => s.Id == alone).Select(s => (s.Mode, s.Network)).Single());
    }

    [Fact]
    public void A_snapshot_that_was_never_sealed_is_seen_as_such_after_a_restart()
    {
        SandboxRecord sandbox = Record();
        Snapshot intent = Taken(sandbox, null);
        Snapshot done = Taken(sandbox, intent.Id) with
        {
            IsAutomatic = true, IsKept = true, IsSameAsParent = true,
            Bytes = 4096, Durable = true, Duration = TimeSpan.FromMicroseconds(1234), Pause = TimeSpan.FromMicroseconds(56),
        };
        _store.AddSnapshot(intent);
        _store.AddSnapshot(done);
        _store.SealSnapshot(done, sandbox with { Sandbox = sandbox.Sandbox with { BaseSnapshot = done.Id } });

        Reopen();

        var rows = _store.ReadSnapshots();
        Assert.Equal([SnapshotState.Making, SnapshotState.Sealed], rows.Select(r => r.State));
        Assert.Equivalent(done, rows[1].Snapshot, strict: true);
        Assert.Equal(done.Id, _store.ReadSandboxes().Single().Record.Sandbox.BaseSnapshot);
        _store.KeepSnapshot(done with { IsKept = false });
        Assert.False(_store.ReadSnapshots()[1].Snapshot.IsKept);
    }

    [Fact]
    public void A_child_of_a_deleted_snapshot_is_the_same_as_its_new_parent_only_if_both_were_and_the_files_marks_are_forgotten()
    {
        SandboxRecord sandbox = Record() with { Mark = new LayerMark("btrfs:17") };
        Snapshot a = Taken(sandbox, null);
        Snapshot b = Taken(sandbox, a.Id);
        Snapshot c = Taken(sandbox, b.Id) with { IsSameAsParent = true };
        Snapshot d = Taken(sandbox, c.Id) with { IsSameAsParent = true };
        SnapshotTable table = new();
        foreach (Snapshot snapshot in new[] { a, b, c, d })
        {
            _store.AddSnapshot(snapshot);
            _store.SealSnapshot(snapshot, sandbox with { Sandbox = sandbox.Sandbox with { BaseSnapshot = snapshot.Id } });
            table.Add(snapshot);
        }

        foreach (Snapshot gone in new[] { c, b })
        {
            _store.MarkSnapshotDeleting(gone);
            table.Remove(gone);
            Snapshot read = _store.ReadSnapshots().Single(r => r.Snapshot.Id == d.Id).Snapshot;
            Assert.Equal((gone.Parent, gone == c), (read.Parent, read.IsSameAsParent));
            Assert.Equal((read.Parent, read.IsSameAsParent), (table.Find(d.Id)!.Parent, table.Find(d.Id)!.IsSameAsParent));
        }

        Assert.Equal(sandbox.Mark, _store.ReadSandboxes().Single().Record.Mark);
        _store.MarkSnapshotDeleting(d with { Parent = a.Id });
        Assert.Equal((a.Id, null), (_store.ReadSandboxes().Single().Record.Sandbox.BaseSnapshot, _store.ReadSandboxes().Single().Record.Mark));
    }

    [Fact]
    public void Children_of_a_deleted_snapshot_take_over_its_parent()
    {
        SandboxRecord sandbox = Record();
        Snapshot a = Taken(sandbox, null);
        Snapshot b = Taken(sandbox, a.Id);
        Snapshot c = Taken(sandbox, b.Id);
        foreach (Snapshot snapshot in new[] { a, b, c })
        {
            _store.AddSnapshot(snapshot);
            _store.SealSnapshot(snapshot, sandbox with { Sandbox = sandbox.Sandbox with { BaseSnapshot = snapshot.Id } });
        }

        _store.MarkSnapshotDeleting(b);

        Assert.Equal(a.Id, _store.ReadSnapshots().Single(r => r.Snapshot.Id == c.Id).Snapshot.Parent);
        _store.MarkSnapshotDeleting(c with { Parent = a.Id });
        Assert.Equal(a.Id, _store.ReadSandboxes().Single().Record.Sandbox.BaseSnapshot);
    }

    [Fact]
    public void An_exec_is_open_until_its_final_state_is_recorded()
    {
        Exec exec = new()
        {
            Id = ExecId.New(), Sandbox = SandboxId.New(), Session = SessionId.New(), Status = ExecStatus.Running, Started = Now,
            Input = LiveInput.Terminal,
        };
        ExecRow row = new(exec, SlotId.New(), TimeSpan.FromSeconds(3), null, ExecEndCause.Itself);
        _store.AddExec(row);
        _store.MarkExecEnding(exec.Id, ExecStatus.Cancelling, ExecEndCause.Cancel, Now.AddSeconds(5));
        Reopen();

        ExecRow open = Assert.Single(_store.ReadOpenExecs());
        Assert.Equal((ExecStatus.Cancelling, ExecEndCause.Cancel, Now.AddSeconds(5), TimeSpan.FromSeconds(3), LiveInput.Terminal),
            (open.Exec.Status, open.Cause, open.KillAt, open.TimeLimit, open.Exec.Input));

        Exec final = exec with
        {
            Status = ExecStatus.Cancelled, ExitCode = 143, Completed = Now.AddSeconds(1), TimedOut = true, Error = "e",
            Usage = new ExecUsage(1, 2, 3, 4, 5, 6), StdoutBytes = 7, StderrBytes = 8,
            Recovery = "r", Oom = new OomReport(true, 9, null, 10, "a"), Disk = new DiskReport(11, 12, "d"),
        };
        OomIntent rollback = new("lyr-0123456789ab", SnapshotId.New(), ExecStatus.Cancelled);
        _store.HoldExec(final, ExecStatus.Cancelling, rollback);
        Reopen();

        ExecRow held = Assert.Single(_store.ReadOpenExecs());
        Assert.Equal((rollback, final with { Status = ExecStatus.Cancelling }), (held.Rollback, held.Exec));

        _store.FinishExec(final, oomTold: true);
        Reopen();

        Assert.Empty(_store.ReadOpenExecs());
        Assert.Equal((final, null), (_store.FindExec(exec.Id)?.Exec, _store.FindExec(exec.Id)?.Rollback));
        Assert.Equal([exec.Id], _store.ReadExecIds(exec.Sandbox));
        Assert.Null(_store.FindExec(ExecId.New()));
    }

    [Fact]
    public void Execs_are_listed_newest_first_by_session_and_sandbox_and_behind_one_of_them()
    {
        SessionId session = SessionId.New();
        SandboxId sandbox = SandboxId.New();
        List<ExecId> all = [];
        for (int i = 0; i < 6; i++)
        {
            Exec exec = new()
            {
                Id = ExecId.New(), Sandbox = i % 2 == 0 ? sandbox : SandboxId.New(), Session = i < 4 ? session : SessionId.New(), Status = ExecStatus.Running,
                Started = Now,
            };
            _store.AddExec(new ExecRow(exec, SlotId.New(), null, null, ExecEndCause.Itself));
            all.Insert(0, exec.Id);
        }

        Assert.Equal(all, Ids(null, null, 10, null));
        Assert.Equal([all[0], all[1]], Ids(null, null, 2, null));
        Assert.Equal([all[1], all[3], all[5]], Ids(null, sandbox, 10, null));
        Assert.Equal([all[2], all[3], all[4], all[5]], Ids(session, null, 10, null));
        Assert.Equal([all[3], all[5]], Ids(session, sandbox, 10, null));
        Assert.Equal([all[4], all[5]], Ids(session, null, 10, all[3]));
        Assert.Empty(Ids(session, null, 10, ExecId.New()));

        IEnumerable<ExecId> Ids(SessionId? of, SandboxId? inside, int limit, ExecId? before) =>
            _store.ListExecs(of, inside, limit, before is ExecId id ? new ExecMark(id, Now.AddHours(-1)) : null).Select(e => e.Id);
    }

    [Fact]
    public void The_token_of_a_session_is_nowhere_in_the_database_files()
    {
        Sessions sessions = new(_store, new Options.LiveOptions(new Options.SleighOptions()), TimeProvider.System);
        IssuedToken issued = sessions.Issue();
        Reopen();
        sessions = new Sessions(_store, new Options.LiveOptions(new Options.SleighOptions()), TimeProvider.System);

        Assert.Equal(issued.Session.Id, sessions.Authenticate(issued.Token)?.Id);
        Assert.Null(sessions.Authenticate(issued.Token[..^1] + "g"));
        _store.Dispose();
        byte[] token = System.Text.Encoding.ASCII.GetBytes(issued.Token[5..]);
        foreach (string file in Directory.GetFiles(_folder))
        {
            Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf(token));
        }
    }

    [Fact]
    public async Task A_kept_reply_is_given_again_to_the_same_request_only()
    {
        Idempotency idempotency = new(_store, new Options.LiveOptions(new Options.SleighOptions()), TimeProvider.System);
        SessionId session = SessionId.New();
        int runs = 0;
        Task<KeptReply> Work() => Task.FromResult(new KeptReply(201, [(byte)++runs], null));

        var first = await idempotency.RunAsync(session, "k", "f", Work, CancellationToken.None);
        Reopen();
        idempotency = new Idempotency(_store, new Options.LiveOptions(new Options.SleighOptions()), TimeProvider.System);
        var again = await idempotency.RunAsync(session, "k", "f", Work, CancellationToken.None);
        RuntimeException other = await Assert.ThrowsAsync<RuntimeException>(
            () => idempotency.RunAsync(session, "k", "g", Work, CancellationToken.None));

        Assert.Equal((false, true, 1), (first.Replayed, again.Replayed, runs));
        Assert.Equal(first.Reply.Body, again.Reply.Body);
        Assert.Equal("Idempotency-Key was already used with a different request", other.Message);
        Assert.False((await idempotency.RunAsync(SessionId.New(), "k", "g", Work, CancellationToken.None)).Replayed);
    }

    [Fact]
    public async Task A_second_call_waits_for_the_first_and_a_failure_leaves_the_key_free()
    {
        Idempotency idempotency = new(_store, new Options.LiveOptions(new Options.SleighOptions()), TimeProvider.System);
        SessionId session = SessionId.New();
        TaskCompletionSource<KeptReply> work = new();
        var first = idempotency.RunAsync(session, "k", "f", () => work.Task, CancellationToken.None);
        var second = idempotency.RunAsync(session, "k", "f", () => throw new InvalidOperationException("ran twice"), CancellationToken.None);
        work.SetException(new RuntimeException(ErrorKind.DiskFull, "full"));

        await Assert.ThrowsAsync<RuntimeException>(() => first);
        await Assert.ThrowsAsync<RuntimeException>(() => second);
        var third = await idempotency.RunAsync(
            session, "k", "f", () => Task.FromResult(new KeptReply(201, [1], null)), CancellationToken.None);
        Assert.False(third.Replayed);
    }

    internal static SandboxRecord Record() => new()
    {
        Sandbox = new Sandbox
        {
            Id = SandboxId.New(), Session = SessionId.New(), Image = "debian", Status = SandboxStatus.Exited,
            Labels = new Dictionary<string, string> { ["a"] = "b" }, Created = Now, LastUsed = Now.AddSeconds(1), MemoryLimitMb = 256,
            AutoExpandMemory = true, MemoryCeilingMb = 512, PidsLimit = 1024, Network = NetworkMode.None, RuntimeClass = "runc",
        },
        Layer = "lyr-0123456789ab",
        Chain = "sha256:abc",
        Settings = new ImageSettings(["A=b"], "/srv", "root"),
        Env = new Dictionary<string, string> { ["C"] = "d" },
    };

    private static Snapshot Taken(SandboxRecord of, SnapshotId? parent) => new()
    {
        Id = SnapshotId.New(), Sandbox = of.Sandbox.Id, Session = of.Sandbox.Session, Created = Now, Parent = parent, Name = "n", Comment = "c",
        Limits = new CapturedLimits(256, 512, 0.5, 1024, null), Labels = new Dictionary<string, string> { ["a"] = "b" },
    };

    private static void AssertSame(SandboxRecord expected, SandboxRecord actual) => Assert.Equivalent(expected, actual, strict: true);

    [Fact]
    public void Names_of_files_on_their_way_are_kept_over_a_death_until_they_are_gone()
    {
        SandboxId one = SandboxId.Parse("sbx_0000000000a1");
        SandboxId two = SandboxId.Parse("sbx_0000000000a2");
        using (RecordStore store = Open())
        {
            store.AddFileWrite(one, "/.sleigh-1");
            store.AddFileWrite(one, "/.sleigh-2");
            store.AddFileWrite(two, "/.sleigh-1");
            store.RemoveFileWrite(one, "/.sleigh-1");
        }

        using RecordStore again = Open();
        Assert.Equal([(one, "/.sleigh-2"), (two, "/.sleigh-1")], again.ReadFileWrites().OrderBy(w => w.Path, StringComparer.Ordinal).Reverse());
    }

    private RecordStore Open() => RecordStore.Open(Path.Combine(_folder, "sleigh.db"));

    private void Reopen()
    {
        _store.Dispose();
        _store = Open();
    }
}
