using Sleigh.Linux.Sqlite;
using Sleigh.Network;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Records;

/// <summary>Slots: a row stands here from before the container is made until it is gone.</summary>
internal sealed partial class RecordStore
{
    /// <summary>Adds or replaces a slot's row.</summary>
    public void PutSlot(SlotRecord slot) => _database.Write(db => PutSlot(db, slot));

    /// <summary>Removes a slot's row; its container is gone.</summary>
    public void RemoveSlot(SlotId id) => _database.Write(db =>
    {
        using SqliteStatement delete = db.Prepare("DELETE FROM slots WHERE id = ?1");
        delete.Bind(1, id.ToString()).Run();
    });

    /// <summary>All slots.</summary>
    public IReadOnlyList<SlotRecord> ReadSlots() => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare("SELECT id, state, sandbox, pid, limits, network, mark, mode FROM slots");
        return ReadAll(select, row => new SlotRecord(
            SlotId.Parse(row.GetText(0)),
            Word<SlotState>(row.GetText(1)),
            row.GetTextOrNull(2) is string sandbox ? SandboxId.Parse(sandbox) : null,
            row.GetInt32(3),
            Json(row.GetText(4), RecordJson.Default.SlotLimits))
        {
            Network = row.GetTextOrNull(5) is string network ? NamespaceName.Parse(network) : null,
            Mark = row.GetTextOrNull(6),
            Mode = Word<NetworkMode>(row.GetText(7)),
        });
    });

    /// <summary>A slot's network namespace; null: it has none, or there is no such slot.</summary>
    public NamespaceName? FindNetwork(SlotId id) => _database.Read<NamespaceName?>(db =>
    {
        using SqliteStatement select = db.Prepare("SELECT network FROM slots WHERE id = ?1 AND network IS NOT NULL");
        select.Bind(1, id.ToString());
        return select.Step() ? NamespaceName.Parse(select.GetText(0)) : null;
    });

    private static void PutSlot(SqliteConnection db, SlotRecord slot)
    {
        using SqliteStatement put = db.Prepare(
            "INSERT INTO slots (id, state, sandbox, pid, limits, network, mark, mode) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET "
            + "state = excluded.state, sandbox = excluded.sandbox, pid = excluded.pid, limits = excluded.limits");
        put.Bind(1, slot.Id.ToString()).Bind(2, Word(slot.State)).Bind(3, slot.Sandbox?.ToString()).Bind(4, slot.ProcessId)
            .Bind(5, Json(slot.Limits, RecordJson.Default.SlotLimits)).Bind(6, slot.Network?.ToString()).Bind(7, slot.Mark)
            .Bind(8, Word(slot.Mode)).Run();
        PutMounts(db, slot.Mounts);
    }
}
