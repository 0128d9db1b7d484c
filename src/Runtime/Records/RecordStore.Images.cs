using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Records;

/// <summary>Last uses of images, by full name.</summary>
internal sealed partial class RecordStore
{
    /// <summary>Adds or replaces the last use of an image.</summary>
    public void PutImageUse(string name, DateTimeOffset used) => _database.Write(db =>
    {
        using SqliteStatement put = db.Prepare("REPLACE INTO image_uses (name, used_at) VALUES (?1, ?2)");
        put.Bind(1, name).Bind(2, Time(used)).Run();
    });

    /// <summary>The image is gone.</summary>
    public void RemoveImageUse(string name) => _database.Write(db =>
    {
        using SqliteStatement delete = db.Prepare("DELETE FROM image_uses WHERE name = ?1");
        delete.Bind(1, name).Run();
    });

    /// <summary>All last uses.</summary>
    public IReadOnlyList<(string Name, DateTimeOffset Used)> ReadImageUses() => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare("SELECT name, used_at FROM image_uses");
        return ReadAll(select, row => (row.GetText(0), Time(row.GetInt64(1))));
    });
}
