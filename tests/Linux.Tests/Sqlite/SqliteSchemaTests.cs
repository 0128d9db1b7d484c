using Sleigh.Linux.Sqlite;

namespace Sleigh.Linux.Tests.Sqlite;

public sealed class SqliteSchemaTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;

    private string File => Path.Combine(_folder, "sleigh.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Scripts_run_once_each_in_their_order()
    {
        SqliteDatabase.Open(File, ["CREATE TABLE a (x)"]).Dispose();
        SqliteDatabase.Open(File, ["this ran already", "CREATE TABLE b AS SELECT * FROM a; INSERT INTO b VALUES (1)"]).Dispose();
        using SqliteDatabase database = SqliteDatabase.Open(File, ["this ran already", "this too"]);

        Assert.Equal(1, database.Read(c => c.Scalar("SELECT count(*) FROM b")));
        Assert.Equal(2, database.Read(c => c.Scalar("PRAGMA user_version")));
    }

    [Fact]
    public void Nothing_of_a_failing_script_remains()
    {
        Assert.Throws<SqliteException>(() => SqliteDatabase.Open(File, ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"]));

        using SqliteDatabase database = SqliteDatabase.Open(File, ["this ran already", "CREATE TABLE b (x)"]);
        Assert.Equal(0, database.Read(c => c.Scalar("SELECT count(*) FROM b")));
    }

    [Fact]
    public void A_newer_schema_is_refused()
    {
        SqliteDatabase.Open(File, ["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).Dispose();

        SqliteException error = Assert.Throws<SqliteException>(() => SqliteDatabase.Open(File, ["CREATE TABLE a (x)"]));

        Assert.Equal(SqliteErrorKind.NewerSchema, error.Kind);
        Assert.Equal(
            $"database {File} has schema version 2, and this program knows versions up to 1; it was written by a newer version of the program",
            error.Message);
    }

    [Fact]
    public void A_file_that_is_no_database_is_named()
    {
        System.IO.File.WriteAllText(File, new string('x', 8192));

        SqliteException error = Assert.Throws<SqliteException>(() => SqliteDatabase.Open(File, []));

        Assert.Equal(SqliteErrorKind.Corrupt, error.Kind);
        Assert.Equal($"open database {File}: it is not a SQLite database or is damaged (SQLite code 26)", error.Message);
    }

    [Fact]
    public void A_damaged_schema_is_named()
    {
        SqliteDatabase.Open(File, ["CREATE TABLE a (x)"]).Dispose();
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        bytes.AsSpan(100, 3900).Fill(0x5A);
        System.IO.File.WriteAllBytes(File, bytes);

        SqliteException error = Assert.Throws<SqliteException>(() => SqliteDatabase.Open(File, []));

        Assert.Equal(SqliteErrorKind.Corrupt, error.Kind);
        Assert.Contains($"open database {File}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("damaged (SQLite code 11)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_off_file_is_named()
    {
        SqliteDatabase.Open(File, ["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).Dispose();
        using (FileStream stream = System.IO.File.OpenWrite(File))
        {
            stream.SetLength(700);
        }

        SqliteException error = Assert.Throws<SqliteException>(() => SqliteDatabase.Open(File, []));

        Assert.Equal(SqliteErrorKind.Corrupt, error.Kind);
        Assert.StartsWith($"open database {File}: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_folder_is_named_with_the_kernels_reason()
    {
        string path = Path.Combine(_folder, "none", "sleigh.db");

        SqliteException error = Assert.Throws<SqliteException>(() => SqliteDatabase.Open(path, []));

        Assert.Equal(SqliteErrorKind.CannotOpen, error.Kind);
        Assert.Equal($"open database {path}: unable to open database file: No such file or directory (SQLite code 14)", error.Message);
    }

    [Fact]
    public void A_folder_is_no_database()
    {
        SqliteException error = Assert.Throws<SqliteException>(() => SqliteDatabase.Open(_folder, []));

        Assert.Equal(SqliteErrorKind.CannotOpen, error.Kind);
        Assert.StartsWith($"open database {_folder}: unable to open database file", error.Message, StringComparison.Ordinal);
    }
}
