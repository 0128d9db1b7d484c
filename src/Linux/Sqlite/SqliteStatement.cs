using System.Buffers;
using System.Text;

namespace Sleigh.Linux.Sqlite;

/// <summary>
/// A prepared statement, lent by a <see cref="SqliteConnection"/> for the time of one use; dispose gives it back. Parameters count
/// from 1 (<c>?1</c>), columns from 0, as in SQLite. A parameter that was not bound is NULL.
/// </summary>
public sealed unsafe class SqliteStatement : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly nint _statement;
    private readonly int _columns;
    private bool _onRow;

    internal SqliteStatement(SqliteConnection connection, nint statement, string sql)
    {
        _connection = connection;
        _statement = statement;
        _columns = SqliteCalls.ColumnCount(statement);
        Sql = sql;
    }

    /// <summary>The SQL text.</summary>
    public string Sql { get; }

    internal bool IsLent { get; set; }

    /// <summary>Binds a whole number.</summary>
    public SqliteStatement Bind(int parameter, long value) => Checked(SqliteCalls.BindInt64(_statement, parameter, value));

    /// <summary>Binds a whole number; null becomes NULL.</summary>
    public SqliteStatement Bind(int parameter, long? value) => value is { } number ? Bind(parameter, number) : BindNull(parameter);

    /// <summary>Binds 1 or 0.</summary>
    public SqliteStatement Bind(int parameter, bool value) => Bind(parameter, value ? 1L : 0L);

    /// <summary>Binds a floating-point number; null becomes NULL.</summary>
    public SqliteStatement Bind(int parameter, double? value) =>
        value is { } number ? Checked(SqliteCalls.BindDouble(_statement, parameter, number)) : BindNull(parameter);

    /// <summary>Binds a text; null becomes NULL.</summary>
    public SqliteStatement Bind(int parameter, string? value)
    {
        if (value is null)
        {
            return BindNull(parameter);
        }

        int bound = Encoding.UTF8.GetMaxByteCount(value.Length);
        byte[]? rented = bound > 1024 ? ArrayPool<byte>.Shared.Rent(bound) : null;
        Span<byte> bytes = rented ?? stackalloc byte[1024];
        try
        {
            return BindText(parameter, bytes[..Encoding.UTF8.GetBytes(value, bytes)]);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    /// <summary>Binds a text that is UTF-8 already.</summary>
    public SqliteStatement BindText(int parameter, ReadOnlySpan<byte> utf8)
    {
        // An empty span may have no address, and a null address would bind NULL.
        byte empty = 0;
        fixed (byte* start = utf8)
        {
            return Checked(SqliteCalls.BindText(_statement, parameter, start is null ? &empty : start, utf8.Length, SqliteCalls.Transient));
        }
    }

    /// <summary>Binds bytes.</summary>
    public SqliteStatement BindBlob(int parameter, ReadOnlySpan<byte> value)
    {
        byte empty = 0;
        fixed (byte* start = value)
        {
            return Checked(SqliteCalls.BindBlob(_statement, parameter, start is null ? &empty : start, value.Length, SqliteCalls.Transient));
        }
    }

    /// <summary>Binds NULL.</summary>
    public SqliteStatement BindNull(int parameter) => Checked(SqliteCalls.BindNull(_statement, parameter));

    /// <summary>Goes to the next row; false when there is none. The statement can then be run again with the same bindings.</summary>
    /// <exception cref="SqliteException">The statement failed.</exception>
    public bool Step()
    {
        ObjectDisposedException.ThrowIf(!IsLent, this);
        int code = SqliteCalls.Step(_statement);
        _onRow = code == SqliteCalls.Row;
        if (_onRow)
        {
            return true;
        }

        SqliteException? failure = code == SqliteCalls.Done ? null : _connection.Failure(code, "run", Sql);
        _ = SqliteCalls.Reset(_statement);
        return failure is null ? false : throw failure;
    }

    /// <summary>Runs the statement to its end and returns how many rows it inserted, changed or deleted.</summary>
    /// <exception cref="SqliteException">The statement failed.</exception>
    public int Run()
    {
        while (Step())
        {
        }

        return _connection.Changes;
    }

    /// <summary>True when the column of this row is NULL.</summary>
    public bool IsNull(int column) => SqliteCalls.ColumnType(_statement, Column(column)) == SqliteCalls.TypeNull;

    /// <summary>The column as a whole number; NULL is 0.</summary>
    public long GetInt64(int column) => SqliteCalls.ColumnInt64(_statement, Column(column));

    /// <summary>The column as a whole number; null for NULL.</summary>
    public long? GetInt64OrNull(int column) => IsNull(column) ? null : GetInt64(column);

    /// <summary>The column as a whole number.</summary>
    /// <exception cref="OverflowException">It is too large.</exception>
    public int GetInt32(int column) => checked((int)GetInt64(column));

    /// <summary>True when the column is not 0.</summary>
    public bool GetBool(int column) => GetInt64(column) != 0;

    /// <summary>The column as a floating-point number; null for NULL.</summary>
    public double? GetDoubleOrNull(int column) => IsNull(column) ? null : SqliteCalls.ColumnDouble(_statement, column);

    /// <summary>The column as text; NULL is empty.</summary>
    public string GetText(int column) => Encoding.UTF8.GetString(GetUtf8(column));

    /// <summary>The column as text; null for NULL.</summary>
    public string? GetTextOrNull(int column) => IsNull(column) ? null : GetText(column);

    /// <summary>The column's text as UTF-8, in the library's memory: good until the next step or dispose.</summary>
    public ReadOnlySpan<byte> GetUtf8(int column)
    {
        byte* text = SqliteCalls.ColumnText(_statement, Column(column));
        return new ReadOnlySpan<byte>(text, SqliteCalls.ColumnBytes(_statement, column));
    }

    /// <summary>The column's bytes, in the library's memory: good until the next step or dispose.</summary>
    public ReadOnlySpan<byte> GetBlob(int column)
    {
        byte* bytes = SqliteCalls.ColumnBlob(_statement, Column(column));
        return new ReadOnlySpan<byte>(bytes, SqliteCalls.ColumnBytes(_statement, column));
    }

    /// <summary>Gives the statement back to its connection, which keeps it prepared.</summary>
    public void Dispose()
    {
        if (IsLent)
        {
            _onRow = false;
            // What failed was reported by the step; a reset only repeats its code.
            _ = SqliteCalls.Reset(_statement);
            _ = SqliteCalls.ClearBindings(_statement);
            _connection.TakeBack(this);
        }
    }

    internal void Close() => _ = SqliteCalls.Finalize(_statement);

    private int Column(int column)
    {
        ObjectDisposedException.ThrowIf(!IsLent, this);
        if (!_onRow)
        {
            throw new InvalidOperationException($"'{Sql}' is not on a row");
        }

        return (uint)column < (uint)_columns
            ? column
            : throw new ArgumentOutOfRangeException(nameof(column), column, $"'{Sql}' has {_columns} columns");
    }

    private SqliteStatement Checked(int code)
    {
        ObjectDisposedException.ThrowIf(!IsLent, this);
        return code == SqliteCalls.Ok ? this : throw _connection.Failure(code, "bind a parameter of", Sql);
    }
}
