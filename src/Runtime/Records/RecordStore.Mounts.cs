using Sleigh.Linux.Sqlite;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Records;

/// <summary>Mounts: a row stands here from before one is put in until it is taken out.</summary>
internal sealed partial class RecordStore
{
    private const string LiveSandbox = "EXISTS (SELECT 1 FROM sandboxes WHERE id = ?1 AND state = 'live')";

    /// <summary>Records the intent to put a mount in; false when its sandbox is being deleted.</summary>
    public bool AddMount(MountRecord record) => _database.Write(db => PutMount(db, record, MountState.Making, $"WHERE {LiveSandbox}"));

    /// <summary>Records that it is in.</summary>
    public void MarkMountLive(MountRecord record, SessionId session) => WriteAndTell(db =>
    {
        using SqliteStatement update = db.Prepare($"UPDATE mounts SET state = 'live' WHERE id = ?2 AND {LiveSandbox}");
        Mount mount = record.Mount;
        return update.Bind(1, mount.Sandbox.ToString()).Bind(2, mount.Id.ToString()).Run() > 0 ? [EventDraft.Of(EventTypes.MountAdded, session, mount)] : [];
    });

    /// <summary>Records the intent to take it out.</summary>
    public void MarkMountRemoving(MountId id) => SetMountState(id, MountState.Removing);

    /// <summary>It could not be taken out.</summary>
    public void KeepMount(MountId id) => SetMountState(id, MountState.Live);

    /// <summary>Removes the row of one that is out.</summary>
    /// <param name="mount">The mount.</param>
    /// <param name="session">Who is told; null for one that was never in force.</param>
    public void RemoveMount(Mount mount, SessionId? session) => WriteAndTell(db =>
    {
        using SqliteStatement delete = db.Prepare("DELETE FROM mounts WHERE id = ?1");
        bool removed = delete.Bind(1, mount.Id.ToString()).Run() > 0;
        return removed && session is SessionId told ? [EventDraft.Of(EventTypes.MountRemoved, told, mount)] : [];
    });

    /// <summary>Records in which slot mounts are, and under which number.</summary>
    public void PutMounts(IReadOnlyList<MountRecord> records) => _database.Write(db => PutMounts(db, records));

    /// <summary>All mounts, oldest first.</summary>
    public IReadOnlyList<(MountRecord Record, MountState State)> ReadMounts() => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare(
            "SELECT id, state, sandbox, host_path, container_path, mode, created, slot, number FROM mounts ORDER BY seq");
        return ReadAll(select, row => (
            new MountRecord
            {
                Mount = new Mount
                {
                    Id = MountId.Parse(row.GetText(0)),
                    Sandbox = SandboxId.Parse(row.GetText(2)),
                    HostPath = row.GetText(3),
                    ContainerPath = row.GetText(4),
                    Mode = Word<MountMode>(row.GetText(5)),
                    Created = Time(row.GetInt64(6)),
                },
                Slot = row.GetTextOrNull(7) is string slot ? SlotId.Parse(slot) : null,
                Number = (ulong)row.GetInt64(8),
            },
            Word<MountState>(row.GetText(1))));
    });

    private void SetMountState(MountId id, MountState state) => _database.Write(db =>
    {
        using SqliteStatement update = db.Prepare("UPDATE mounts SET state = ?2 WHERE id = ?1");
        update.Bind(1, id.ToString()).Bind(2, Word(state)).Run();
    });

    // A mount that was removed meanwhile does not come back: rows of a fork are new, all others must be there.
    private static void PutMounts(SqliteConnection db, IReadOnlyList<MountRecord> records)
    {
        foreach (MountRecord record in records)
        {
            PutMount(db, record, MountState.Live, "WHERE true");
        }
    }

    private static bool PutMount(SqliteConnection db, MountRecord record, MountState state, string where)
    {
        Mount mount = record.Mount;
        using SqliteStatement put = db.Prepare(
            "INSERT INTO mounts (sandbox, id, state, host_path, container_path, mode, created, slot, number) "
            + $"SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 {where} "
            + "ON CONFLICT (id) DO UPDATE SET mode = excluded.mode, slot = excluded.slot, number = excluded.number");
        return put.Bind(1, mount.Sandbox.ToString()).Bind(2, mount.Id.ToString()).Bind(3, Word(state)).Bind(4, mount.HostPath)
            .Bind(5, mount.ContainerPath).Bind(6, Word(mount.Mode)).Bind(7, Time(mount.Created)).Bind(8, record.Slot?.ToString())
            .Bind(9, (long)record.Number).Run() > 0;
    }
}
