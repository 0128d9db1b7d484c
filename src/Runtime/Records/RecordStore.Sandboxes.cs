using Sleigh.Linux.Sqlite;
using Sleigh.Overlay;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Records;

/// <summary>Sandboxes.</summary>
internal sealed partial class RecordStore
{
    private const string SandboxColumns =
        "id, state, session, layer, slot, image, chain, image_config, labels, env, created, last_used, expires, ttl, memory_mb, ceiling_mb, "
        + "auto_expand, on_oom, cpus, pids, disk_mb, network, runtime, user, name, base_snapshot, parent_sandbox, parent_snapshot, auto_snapshot, mark, "
        + "read_only, secret_names, egress";

    // What is being deleted stays so, whichever change was still under way. Not REPLACE: that would delete another sandbox that holds the same name.
    private static readonly string PutSandboxSql =
        $"INSERT INTO sandboxes ({SandboxColumns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
        + "?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33) ON CONFLICT (id) DO UPDATE SET "
        + string.Join(", ", SandboxColumns.Split(", ").Skip(1).Select(column => $"{column} = excluded.{column}"))
        + " WHERE sandboxes.state <> 'deleting'";

    /// <summary>Adds or replaces a sandbox's row.</summary>
    /// <exception cref="SqliteException">Another sandbox of the session has the name.</exception>
    public void PutSandbox(SandboxRecord record, SandboxState state) => _database.Write(db => { PutSandbox(db, record, state); });

    /// <summary>One step for callers: the sandbox's row, the rows of the slots that change with it, and the events that tell of it.</summary>
    public void PutSandbox(SandboxRecord record, SandboxState state, IReadOnlyList<EventDraft> events, params ReadOnlySpan<SlotRecord> slots)
    {
        SlotRecord[] changed = slots.ToArray();
        WriteAndTell(db =>
        {
            bool put = PutSandbox(db, record, state);
            foreach (SlotRecord slot in changed)
            {
                PutSlot(db, slot);
            }

            return put ? events : [];
        });
    }

    /// <summary>Notes a use.</summary>
    public void TouchSandbox(SandboxId id, DateTimeOffset lastUsed) => _database.Write(db =>
    {
        using SqliteStatement update = db.Prepare("UPDATE sandboxes SET last_used = ?2 WHERE id = ?1");
        update.Bind(1, id.ToString()).Bind(2, Time(lastUsed)).Run();
    });

    /// <summary>Marks a sandbox and its snapshots as deleted; their files may be removed from now on.</summary>
    public void MarkSandboxDeleting(Sandbox sandbox, DeleteReason reason) => WriteAndTell(db =>
    {
        string id = sandbox.Id.ToString();
        List<EventDraft> events = DeletedSnapshots(db, sandbox);
        bool first = false;
        foreach (string sql in (ReadOnlySpan<string>)[
            "UPDATE sandboxes SET state = 'deleting', slot = NULL WHERE id = ?1 AND state <> 'deleting'",
            "UPDATE slots SET state = 'ending' WHERE sandbox = ?1",
            "UPDATE snapshots SET state = 'deleting' WHERE sandbox = ?1",
            "DELETE FROM ports WHERE sandbox = ?1"])
        {
            using SqliteStatement statement = db.Prepare(sql);
            int changes = statement.Bind(1, id).Run();
            first |= changes > 0 && sql.StartsWith("UPDATE sandboxes", StringComparison.Ordinal);
        }

        events.Add(EventDraft.Of(EventTypes.SandboxDeleted, sandbox, new EventRecord { Reason = reason }));
        return first ? events : [];
    });

    /// <summary>Removes a sandbox's row and those of its mounts and ports; its files are gone. Execs stay in the history.</summary>
    public void RemoveSandbox(SandboxId id) => _database.Write(db =>
    {
        foreach (string sql in (ReadOnlySpan<string>)["DELETE FROM sandboxes WHERE id = ?1", "DELETE FROM mounts WHERE sandbox = ?1", "DELETE FROM ports WHERE sandbox = ?1"])
        {
            using SqliteStatement delete = db.Prepare(sql);
            delete.Bind(1, id.ToString()).Run();
        }
    });

    /// <summary>All sandboxes, oldest first.</summary>
    public IReadOnlyList<(SandboxRecord Record, SandboxState State)> ReadSandboxes() => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare($"SELECT {SandboxColumns} FROM sandboxes ORDER BY created, id");
        return ReadAll(select, row => (ReadSandbox(row), Word<SandboxState>(row.GetText(1))));
    });

    private static List<EventDraft> DeletedSnapshots(SqliteConnection db, Sandbox sandbox)
    {
        using SqliteStatement select = db.Prepare("SELECT id, name FROM snapshots WHERE sandbox = ?1 AND state = 'sealed' ORDER BY seq");
        select.Bind(1, sandbox.Id.ToString());
        return ReadAll(select, row => EventDraft.Of(
            EventTypes.SnapshotDeleted, sandbox, new EventRecord { Snapshot = row.GetText(0), Name = row.GetTextOrNull(1) }));
    }

    /// <summary>False when the sandbox is being deleted, and its row was left as it is.</summary>
    private static bool PutSandbox(SqliteConnection db, SandboxRecord record, SandboxState state)
    {
        Sandbox s = record.Sandbox;
        using SqliteStatement put = db.Prepare(PutSandboxSql);
        int changes = put.Bind(1, s.Id.ToString()).Bind(2, Word(state)).Bind(3, s.Session.ToString()).Bind(4, record.Layer)
            .Bind(5, record.Slot?.ToString()).Bind(6, s.Image).Bind(7, record.Chain)
            .Bind(8, Json(record.Settings, RecordJson.Default.ImageSettings))
            .Bind(9, Json(s.Labels, RecordJson.Default.IReadOnlyDictionaryStringString))
            .Bind(10, Json(record.Env, RecordJson.Default.IReadOnlyDictionaryStringString))
            .Bind(11, Time(s.Created)).Bind(12, Time(s.LastUsed)).Bind(13, Time(s.Expires))
            .Bind(14, record.Ttl is TimeSpan ttl ? Micros(ttl) : null)
            .Bind(15, s.MemoryLimitMb).Bind(16, s.MemoryCeilingMb).Bind(17, s.AutoExpandMemory).Bind(18, Word(s.OnOom))
            .Bind(19, s.Cpus).Bind(20, s.PidsLimit).Bind(21, s.DiskLimitMb).Bind(22, Word(s.Network)).Bind(23, s.RuntimeClass)
            .Bind(24, s.User).Bind(25, s.Name).Bind(26, s.BaseSnapshot?.ToString())
            .Bind(27, s.Parent?.Sandbox.ToString()).Bind(28, s.Parent?.Snapshot.ToString())
            .Bind(29, Word(s.AutoSnapshot)).Bind(30, record.Mark?.Text).Bind(31, s.ReadOnly)
            .Bind(32, Json(s.SecretNames, RecordJson.Default.IReadOnlyListString))
            .Bind(33, s.Egress is null ? null : Json(EgressText.Of(s.Egress), RecordJson.Default.EgressText)).Run();
        return changes > 0;
    }

    private static SandboxRecord ReadSandbox(SqliteStatement row) => new()
    {
        Sandbox = new Sandbox
        {
            Id = SandboxId.Parse(row.GetText(0)),
            Session = SessionId.Parse(row.GetText(2)),
            Image = row.GetText(5),
            Status = SandboxStatus.Exited,
            Labels = Json(row.GetText(8), RecordJson.Default.DictionaryStringString),
            Created = Time(row.GetInt64(10)),
            LastUsed = Time(row.GetInt64(11)),
            Expires = Time(row.GetInt64OrNull(12)),
            MemoryLimitMb = row.GetInt32(14),
            MemoryCeilingMb = row.GetInt32(15),
            AutoExpandMemory = row.GetBool(16),
            OnOom = Word<OomAction>(row.GetText(17)),
            AutoSnapshot = Word<AutoSnapshot>(row.GetText(28)),
            Cpus = row.GetDoubleOrNull(18),
            PidsLimit = row.GetInt32(19),
            DiskLimitMb = (int?)row.GetInt64OrNull(20),
            Network = Word<NetworkMode>(row.GetText(21)),
            Egress = row.GetTextOrNull(32) is string egress ? Json(egress, RecordJson.Default.EgressText).ToPolicy() : null,
            RuntimeClass = row.GetText(22),
            ReadOnly = row.GetBool(30),
            User = row.GetTextOrNull(23),
            SecretNames = Json(row.GetText(31), RecordJson.Default.IReadOnlyListString),
            Name = row.GetTextOrNull(24),
            BaseSnapshot = row.GetTextOrNull(25) is string at ? SnapshotId.Parse(at) : null,
            Parent = row.GetTextOrNull(26) is string parent
                ? new SandboxParent(SandboxId.Parse(parent), SnapshotId.Parse(row.GetText(27)))
                : null,
        },
        Layer = row.GetText(3),
        Mark = row.GetTextOrNull(29) is string mark ? new LayerMark(mark) : null,
        Slot = row.GetTextOrNull(4) is string slot ? SlotId.Parse(slot) : null,
        Chain = row.GetText(6),
        Settings = Json(row.GetText(7), RecordJson.Default.ImageSettings),
        Env = Json(row.GetText(9), RecordJson.Default.DictionaryStringString),
        Ttl = row.GetInt64OrNull(13) is long micros ? TimeSpan.FromMicroseconds(micros) : null,
    };
}
