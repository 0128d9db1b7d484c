using Sleigh.Linux.Sqlite;

namespace Sleigh.Linux.Tests.Sqlite;

public sealed class SqliteDatabaseTests : IDisposable
{
    private static readonly string[] Schema =
    [
        "CREATE TABLE sandbox (id TEXT PRIMARY KEY, image TEXT NOT NULL, mb INTEGER, share REAL, data BLOB) STRICT;",
        "CREATE TABLE exec (id INTEGER PRIMARY KEY, sandbox TEXT NOT NULL REFERENCES sandbox(id)) STRICT;",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;

    private string File => Path.Combine(_folder, "sleigh.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_type_comes_back_as_it_went_in()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);
        string longText = new('ü', 5000);
        database.Write(c =>
        {
            using SqliteStatement insert = c.Prepare("INSERT INTO sandbox VALUES (?1, ?2, ?3, ?4, ?5)");
            insert.Bind(1, "a").Bind(2, longText).Bind(3, long.MaxValue).Bind(4, 0.5).BindBlob(5, [0, 255, 0]);
            Assert.Equal(1, insert.Run());
            insert.Bind(1, "ä𝄞\0z").Bind(2, "").Bind(3, (long?)null).Bind(4, (double?)null).BindBlob(5, []).Run();
        });

        database.Read(c =>
        {
            using SqliteStatement all = c.Prepare("SELECT id, image, mb, share, data FROM sandbox ORDER BY rowid");
            Assert.True(all.Step());
            Assert.Equal(("a", longText, long.MaxValue, 0.5), (all.GetText(0), all.GetText(1), all.GetInt64(2), all.GetDoubleOrNull(3)));
            Assert.Equal([0, 255, 0], all.GetBlob(4).ToArray());
            Assert.True(all.Step());
            Assert.Equal("ä𝄞\0z", all.GetText(0));
            Assert.Equal("", all.GetTextOrNull(1));
            Assert.Null(all.GetInt64OrNull(2));
            Assert.Null(all.GetDoubleOrNull(3));
            Assert.False(all.IsNull(4));
            Assert.Equal(0, all.GetBlob(4).Length);
            Assert.False(all.Step());
            return true;
        });
    }

    [Fact]
    public void Text_can_be_bound_as_utf8()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);
        string text = database.Read(c =>
        {
            using SqliteStatement select = c.Prepare("SELECT ?1 || ?2");
            select.BindText(1, "grün"u8).BindText(2, ""u8);
            Assert.True(select.Step());
            Assert.Equal("grün"u8.ToArray(), select.GetUtf8(0).ToArray());
            return select.GetText(0);
        });

        Assert.Equal("grün", text);
    }

    [Fact]
    public void Work_that_throws_changes_nothing()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);

        Assert.Throws<TimeZoneNotFoundException>(() => database.Write(c =>
        {
            Insert(c, "a");
            throw new TimeZoneNotFoundException();
        }));

        Assert.Equal(0, Count(database));
        database.Write(c => Insert(c, "a"));
        Assert.Equal(1, Count(database));
    }

    [Fact]
    public void A_second_row_with_the_same_key_is_unique()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);
        database.Write(c => Insert(c, "a"));

        SqliteException error = Assert.Throws<SqliteException>(() => database.Write(c => Insert(c, "a")));

        Assert.Equal(SqliteErrorKind.Unique, error.Kind);
        Assert.Equal(1555, error.ExtendedCode);
        Assert.Equal(
            "run 'INSERT INTO sandbox (id, image) VALUES (?1, 'i')': UNIQUE constraint failed: sandbox.id (SQLite code 1555)", error.Message);
        Assert.Equal(1, Count(database));
    }

    [Fact]
    public void A_row_that_names_no_parent_is_a_foreign_key_error()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);

        SqliteException error = Assert.Throws<SqliteException>(
            () => database.Write(c => c.Execute("INSERT INTO exec (sandbox) VALUES ('none')")));

        Assert.Equal(SqliteErrorKind.ForeignKey, error.Kind);
    }

    [Fact]
    public void A_missing_value_is_a_constraint_error()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);

        SqliteException error = Assert.Throws<SqliteException>(() => database.Write(c => c.Execute("INSERT INTO sandbox (id) VALUES ('a')")));

        Assert.Equal(SqliteErrorKind.Constraint, error.Kind);
    }

    [Fact]
    public void Wrong_sql_is_quoted()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);

        SqliteException error = Assert.Throws<SqliteException>(() => database.Read(c => c.Scalar("SELEC 1")));

        Assert.Equal("prepare 'SELEC 1': near \"SELEC\": syntax error (SQLite code 1)", error.Message);
        Assert.Equal("SELEC 1", error.Sql);
    }

    [Theory]
    [InlineData("SELECT 1; SELECT 2")]
    [InlineData("")]
    [InlineData("-- nothing")]
    public void A_prepared_text_is_exactly_one_statement(string sql)
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);

        Assert.Throws<ArgumentException>(() => database.Read(c => c.Scalar(sql)));
    }

    [Fact]
    public void A_closing_semicolon_is_no_second_statement()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);

        Assert.Equal(7, database.Read(c => c.Scalar("SELECT 7;\n ")));
    }

    [Fact]
    public void A_statement_nobody_disposed_holds_nothing_open()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);
        database.Write(c => { Insert(c, "a"); Insert(c, "b"); });

        SqliteStatement left = database.Read(c =>
        {
            SqliteStatement s = c.Prepare("SELECT id FROM sandbox");
            Assert.True(s.Step());
            return s;
        });

        Assert.Throws<ObjectDisposedException>(() => left.GetText(0));
        Assert.Throws<ObjectDisposedException>(() => left.Step());
        database.Checkpoint();
    }

    [Fact]
    public void The_same_sql_can_run_inside_its_own_rows()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);
        database.Write(c => { Insert(c, "a"); Insert(c, "b"); });

        int pairs = database.Read(c =>
        {
            int count = 0;
            using SqliteStatement outer = c.Prepare("SELECT id FROM sandbox");
            while (outer.Step())
            {
                using SqliteStatement inner = c.Prepare("SELECT id FROM sandbox");
                while (inner.Step())
                {
                    count++;
                }
            }

            return count;
        });

        Assert.Equal(4, pairs);
    }

    [Fact]
    public void Columns_are_read_on_a_row_only()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);

        database.Read(c =>
        {
            using SqliteStatement s = c.Prepare("SELECT 1");
            Assert.Throws<InvalidOperationException>(() => s.GetInt64(0));
            Assert.True(s.Step());
            Assert.Throws<ArgumentOutOfRangeException>(() => s.GetInt64(1));
            Assert.False(s.Step());
            Assert.Throws<InvalidOperationException>(() => s.GetInt64(0));
            return true;
        });
    }

    [Fact]
    public void A_call_from_inside_its_own_work_is_an_error()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);

        Assert.Throws<InvalidOperationException>(() => database.Write(c => { database.Write(d => Insert(d, "a")); }));
        Assert.Equal(0, Count(database));
    }

    [Fact]
    public void Async_work_is_an_error()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);

        Assert.Throws<InvalidOperationException>(() => Asynchronous(database));
        Assert.Equal(0, Count(database));
    }

    [Fact]
    public async Task Threads_take_turns()
    {
        using SqliteDatabase database = SqliteDatabase.Open(File, Schema);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(t => Task.Run(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                database.Write(c => Insert(c, $"{t}-{i}"));
            }
        })));

        Assert.Equal(400, Count(database));
    }

    [Fact]
    public void After_dispose_nothing_works()
    {
        SqliteDatabase database = SqliteDatabase.Open(File, Schema);
        database.Dispose();
        database.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Count(database));
    }

    [Fact]
    public void Dispose_leaves_one_file()
    {
        using (SqliteDatabase database = SqliteDatabase.Open(File, Schema))
        {
            database.Write(c => Insert(c, "a"));
        }

        Assert.Equal([File], Directory.GetFiles(_folder));
    }

    private static void Asynchronous(SqliteDatabase database) => _ = database.Write(c => Task.FromResult(Insert(c, "a")));

    private static int Insert(SqliteConnection connection, string id)
    {
        using SqliteStatement insert = connection.Prepare("INSERT INTO sandbox (id, image) VALUES (?1, 'i')");
        return insert.Bind(1, id).Run();
    }

    private static long Count(SqliteDatabase database) => database.Read(c => c.Scalar("SELECT count(*) FROM sandbox"));
}
