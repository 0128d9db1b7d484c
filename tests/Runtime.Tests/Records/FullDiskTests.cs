using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Tests.Records;

public sealed class FullDiskTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_record_that_has_no_room_is_a_full_disk_and_another_error_is_not()
    {
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(_folder, "db"), ["CREATE TABLE t (a BLOB);"]);
        void Run(string sql) => database.Write(db =>
        {
            using SqliteStatement statement = db.Prepare(sql);
            statement.Step();
        });

        Run("PRAGMA max_page_count = 10");
        SqliteException full = Assert.Throws<SqliteException>(() => Run("INSERT INTO t VALUES (zeroblob(1000000))"));
        SqliteException other = Assert.Throws<SqliteException>(() => Run("INSERT INTO nothing VALUES (1)"));

        Assert.Equal(ErrorKind.DiskFull, RuntimeException.Of(full)?.Kind);
        Assert.Equal(ErrorKind.DiskFull, Failures.Translate(full, ErrorKind.SandboxStartFailed, "no").Kind);
        Assert.Null(RuntimeException.Of(other));
        Assert.Equal(ErrorKind.SandboxStartFailed, Failures.Translate(other, ErrorKind.SandboxStartFailed, "no").Kind);
    }
}
