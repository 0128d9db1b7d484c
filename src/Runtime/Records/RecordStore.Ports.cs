using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Records;

/// <summary>Declared ports.</summary>
internal sealed partial class RecordStore
{
    /// <summary>Adds ports or replaces their rows; false when their sandbox is being deleted.</summary>
    public bool PutPorts(IReadOnlyList<PortRecord> records) => _database.Write(db =>
    {
        int written = 0;
        foreach (PortRecord record in records)
        {
            using SqliteStatement put = db.Prepare(
                "INSERT INTO ports (sandbox, port, tcp, key) SELECT ?1, ?2, ?3, ?4 "
                + "WHERE EXISTS (SELECT 1 FROM sandboxes WHERE id = ?1 AND state <> 'deleting') "
                + "ON CONFLICT (sandbox, port) DO UPDATE SET tcp = excluded.tcp, key = excluded.key");
            written += put.Bind(1, record.Sandbox.ToString()).Bind(2, record.Number).Bind(3, (long?)record.Tcp).Bind(4, record.Key).Run();
        }

        return written == records.Count;
    });

    /// <summary>Removes a port's row.</summary>
    public void RemovePort(SandboxId sandbox, int port) => _database.Write(db =>
    {
        using SqliteStatement delete = db.Prepare("DELETE FROM ports WHERE sandbox = ?1 AND port = ?2");
        delete.Bind(1, sandbox.ToString()).Bind(2, port).Run();
    });

    /// <summary>All ports, by sandbox and number.</summary>
    public IReadOnlyList<PortRecord> ReadPorts() => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare("SELECT sandbox, port, tcp, key FROM ports ORDER BY sandbox, port");
        return ReadAll(select, row => new PortRecord(SandboxId.Parse(row.GetText(0)), row.GetInt32(1), (int?)row.GetInt64OrNull(2), row.GetText(3)));
    });
}
