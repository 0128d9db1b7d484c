using System.Runtime.InteropServices;

namespace Sleigh.Linux.Sqlite;

/// <summary>
/// One database file behind one connection (Debian's libsqlite3.so.0), in write-ahead-log mode with <c>synchronous=NORMAL</c>:
/// what <see cref="Write{T}"/> has returned from survives the death of the process; a power loss may take the last commits
/// since the log was last synced, never the file's consistency.
/// <para>
/// Safe for use by several threads: a lock admits one at a time. The work given to it is not async, so the lock never spans an
/// await; keep it to SQL (some 0.05 ms), without I/O of its own. A call from inside the work is an error, not a wait.
/// </para>
/// </summary>
public sealed class SqliteDatabase : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection;
    private bool _busy;
    private bool _disposed;

    private SqliteDatabase(SqliteConnection connection)
    {
        _connection = connection;
    }

    /// <summary>Version of the library that was loaded.</summary>
    public static string LibraryVersion => Marshal.PtrToStringUTF8(SqliteCalls.LibraryVersion()) ?? "";

    /// <summary>The database file.</summary>
    public string Path => _connection.Path;

    /// <summary>
    /// Opens the file, makes it if it is missing, and brings its schema to the newest version: <paramref name="migrations"/> are
    /// scripts in their order, each run once, each in a transaction of its own; the file's <c>user_version</c> counts those done.
    /// </summary>
    /// <exception cref="SqliteException">
    /// The file cannot be opened, is not a database, is damaged, has a newer schema, or a script fails. Nothing of that script remains.
    /// </exception>
    /// <exception cref="DllNotFoundException">libsqlite3.so.0 is not installed.</exception>
    public static SqliteDatabase Open(string path, IReadOnlyList<string> migrations)
    {
        SqliteConnection connection = SqliteConnection.Open(path);
        SqliteDatabase database = new(connection);
        bool opened = false;
        try
        {
            connection.BusyTimeout(TimeSpan.FromSeconds(5));
            Prepare(connection);
            SqliteSchema.Migrate(database, connection, migrations);
            opened = true;
            return database;
        }
        finally
        {
            if (!opened)
            {
                database.Dispose();
            }
        }
    }

    /// <summary>Reads; what the work sees does not change while it runs.</summary>
    public T Read<T>(Func<SqliteConnection, T> work)
    {
        lock (_lock)
        {
            Enter();
            try
            {
                return NotAsync(work(_connection));
            }
            finally
            {
                Leave();
            }
        }
    }

    /// <summary>Runs the work in one transaction (BEGIN IMMEDIATE). It is committed when the work returns, rolled back when it throws.</summary>
    /// <exception cref="SqliteException">A statement or the commit failed; nothing is changed.</exception>
    public T Write<T>(Func<SqliteConnection, T> work)
    {
        lock (_lock)
        {
            Enter();
            bool done = false;
            try
            {
                Command("BEGIN IMMEDIATE");
                T result = NotAsync(work(_connection));
                _connection.TakeBackAll();
                Command("COMMIT");
                done = true;
                return result;
            }
            finally
            {
                _connection.TakeBackAll();
                // A full disk makes SQLite roll back by itself.
                if (!done && _connection.InTransaction)
                {
                    Command("ROLLBACK");
                }

                Leave();
            }
        }
    }

    /// <inheritdoc cref="Write{T}"/>
    public void Write(Action<SqliteConnection> work) => Write(connection =>
    {
        work(connection);
        return true;
    });

    /// <summary>Moves the write-ahead log into the file and empties it.</summary>
    /// <exception cref="SqliteException">Another process reads the database.</exception>
    public void Checkpoint()
    {
        lock (_lock)
        {
            Enter();
            try
            {
                _connection.Checkpoint();
            }
            finally
            {
                Leave();
            }
        }
    }

    /// <summary>Closes the file; what was committed is in it. Waits for work under way.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _disposed = true;
                _connection.Close();
            }
        }
    }

    private static void Prepare(SqliteConnection connection)
    {
        try
        {
            // The first statement that reads the file finds out whether it is a database.
            using SqliteStatement mode = connection.Prepare("PRAGMA journal_mode=WAL");
            if (!mode.Step() || mode.GetText(0) != "wal")
            {
                throw new SqliteException(
                    SqliteErrorKind.CannotOpen, 0, null, $"open database {connection.Path}: its file system cannot hold a write-ahead log");
            }

            connection.Execute("PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;");
        }
        catch (SqliteException ex) when (ex.Kind is SqliteErrorKind.Corrupt)
        {
            throw new SqliteException(
                ex.Kind, ex.ExtendedCode, null, $"open database {connection.Path}: it is not a SQLite database or is damaged (SQLite code {ex.ExtendedCode})");
        }
        catch (SqliteException ex) when (ex.ExtendedCode != 0)
        {
            throw new SqliteException(ex.Kind, ex.ExtendedCode, null, $"open database {connection.Path}: {ex.Message}");
        }
    }

    private static T NotAsync<T>(T result) =>
        result is Task ? throw new InvalidOperationException("work on the database must not be async: the lock would be gone before it ends") : result;

    private void Command(string sql)
    {
        using SqliteStatement statement = _connection.Prepare(sql);
        statement.Run();
    }

    private void Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_busy)
        {
            throw new InvalidOperationException("the database was called from inside its own work");
        }

        _busy = true;
    }

    private void Leave()
    {
        _connection.TakeBackAll();
        _busy = false;
    }
}
