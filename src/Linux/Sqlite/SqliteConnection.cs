using System.Runtime.InteropServices;
using System.Text;

namespace Sleigh.Linux.Sqlite;

/// <summary>
/// The connection as seen from inside <see cref="SqliteDatabase.Read{T}"/> and <see cref="SqliteDatabase.Write{T}"/>. Not to be
/// kept beyond the call: outside of it another thread may be at work on it.
/// </summary>
public sealed unsafe class SqliteConnection
{
    // SQL is written by hand in the repositories; more distinct texts than this means that values were pasted in.
    private const int MaxKept = 512;

    private readonly Dictionary<string, Stack<SqliteStatement>> _kept = [];
    private readonly List<SqliteStatement> _lent = [];
    private nint _database;

    private SqliteConnection(nint database, string path)
    {
        _database = database;
        Path = path;
    }

    /// <summary>The database file.</summary>
    public string Path { get; }

    /// <summary>How many rows the last INSERT, UPDATE or DELETE touched.</summary>
    public int Changes => SqliteCalls.Changes(_database);

    /// <summary>The row id of the last INSERT.</summary>
    public long LastInsertRowId => SqliteCalls.LastInsertRowId(_database);

    internal bool InTransaction => SqliteCalls.IsAutocommit(_database) == 0;

    /// <summary>Lends the prepared form of one SQL statement; prepared once, kept for the next time.</summary>
    /// <exception cref="SqliteException">The SQL is wrong.</exception>
    /// <exception cref="ArgumentException">The text holds more than one statement.</exception>
    public SqliteStatement Prepare(string sql)
    {
        ObjectDisposedException.ThrowIf(_database == 0, this);
        SqliteStatement statement = _kept.TryGetValue(sql, out Stack<SqliteStatement>? free) && free.TryPop(out SqliteStatement? kept)
            ? kept
            : PrepareNew(sql);
        statement.IsLent = true;
        _lent.Add(statement);
        return statement;
    }

    /// <summary>Runs one or more statements without parameters or results: schema scripts and pragmas.</summary>
    /// <exception cref="SqliteException">One failed; those before it stay done unless a transaction is rolled back.</exception>
    public void Execute(string sql)
    {
        ObjectDisposedException.ThrowIf(_database == 0, this);
        int code = SqliteCalls.Execute(_database, sql, 0, 0, 0);
        if (code != SqliteCalls.Ok)
        {
            throw Failure(code, "run", sql);
        }
    }

    /// <summary>The first column of the first row as a whole number; 0 when there is no row.</summary>
    public long Scalar(string sql)
    {
        using SqliteStatement statement = Prepare(sql);
        return statement.Step() ? statement.GetInt64(0) : 0;
    }

    internal static SqliteConnection Open(string path)
    {
        int code = SqliteCalls.Open(
            path,
            out nint database,
            SqliteCalls.OpenReadWrite | SqliteCalls.OpenCreate | SqliteCalls.OpenNoMutex | SqliteCalls.OpenExtendedCodes,
            0);
        if (code == SqliteCalls.Ok)
        {
            return new SqliteConnection(database, path);
        }

        SqliteException failure = SqliteException.Of(database, code, $"open database {path}");
        _ = SqliteCalls.Close(database);
        throw failure;
    }

    internal void BusyTimeout(TimeSpan time) => _ = SqliteCalls.BusyTimeout(_database, (int)time.TotalMilliseconds);

    internal void Checkpoint()
    {
        int code = SqliteCalls.Checkpoint(_database, 0, SqliteCalls.CheckpointTruncate, out _, out _);
        if (code != SqliteCalls.Ok)
        {
            throw Failure(code, $"checkpoint database {Path}", null);
        }
    }

    internal SqliteException Failure(int code, string operation, string? sql) => SqliteException.Of(_database, code, operation, sql);

    internal void TakeBack(SqliteStatement statement)
    {
        statement.IsLent = false;
        _lent.Remove(statement);
        if (!_kept.TryGetValue(statement.Sql, out Stack<SqliteStatement>? free))
        {
            if (_kept.Count == MaxKept)
            {
                statement.Close();
                return;
            }

            _kept.Add(statement.Sql, free = new Stack<SqliteStatement>(1));
        }

        free.Push(statement);
    }

    /// <summary>A statement that its user did not dispose would hold a read open for ever.</summary>
    internal void TakeBackAll()
    {
        while (_lent.Count > 0)
        {
            _lent[^1].Dispose();
        }
    }

    internal void Close()
    {
        TakeBackAll();
        foreach (SqliteStatement statement in _kept.Values.SelectMany(free => free))
        {
            statement.Close();
        }

        _kept.Clear();
        _ = SqliteCalls.Close(Interlocked.Exchange(ref _database, 0));
    }

    private SqliteStatement PrepareNew(string sql)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        byte[] text = Encoding.UTF8.GetBytes(sql);
        fixed (byte* start = text)
        {
            int code = SqliteCalls.Prepare(_database, start, text.Length, SqliteCalls.PreparePersistent, out nint statement, out byte* tail);
            if (code != SqliteCalls.Ok)
            {
                throw Failure(code, "prepare", sql);
            }

            bool rest = !MemoryMarshal.CreateReadOnlySpan(ref *tail, (int)(start + text.Length - tail)).Trim(" \t\r\n;"u8).IsEmpty;
            if (statement == 0 || rest)
            {
                _ = SqliteCalls.Finalize(statement);
                throw new ArgumentException($"'{sql}' is not exactly one SQL statement", nameof(sql));
            }

            return new SqliteStatement(this, statement, sql);
        }
    }
}
