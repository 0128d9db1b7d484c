using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Records;

/// <summary>Temporary names in sandboxes' trees: a row stands here from before the name appears until it is gone.</summary>
internal sealed partial class RecordStore
{
    /// <summary>Records the intent to make a name.</summary>
    public void AddFileWrite(SandboxId sandbox, string path) => _database.Write(db =>
    {
        using SqliteStatement insert = db.Prepare("REPLACE INTO file_writes (sandbox, path) VALUES (?1, ?2)");
        insert.Bind(1, sandbox.ToString()).Bind(2, path).Run();
    });

    /// <summary>The name is gone.</summary>
    public void RemoveFileWrite(SandboxId sandbox, string path) => _database.Write(db =>
    {
        using SqliteStatement delete = db.Prepare("DELETE FROM file_writes WHERE sandbox = ?1 AND path = ?2");
        delete.Bind(1, sandbox.ToString()).Bind(2, path).Run();
    });

    /// <summary>All names that may be there.</summary>
    public IReadOnlyList<(SandboxId Sandbox, string Path)> ReadFileWrites() => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare("SELECT sandbox, path FROM file_writes");
        return ReadAll(select, row => (SandboxId.Parse(row.GetText(0)), row.GetText(1)));
    });
}
