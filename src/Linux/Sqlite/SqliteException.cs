using System.Runtime.InteropServices;

namespace Sleigh.Linux.Sqlite;

/// <summary>A call into SQLite failed. The message says what was done and what the library answered, with its code.</summary>
public sealed class SqliteException : Exception
{
    internal SqliteException(SqliteErrorKind kind, int code, string? sql, string message, Errno errno = Errno.None)
        : base(message)
    {
        Errno = errno;
        Kind = kind;
        ExtendedCode = code;
        Sql = sql;
    }

    /// <summary>What kind of failure.</summary>
    public SqliteErrorKind Kind { get; }

    /// <summary>SQLite's extended result code; its low byte is the primary code. 0 when the failure is not the library's.</summary>
    public int ExtendedCode { get; }

    /// <summary>The SQL text, without values; null when the failure is not that of a statement.</summary>
    public string? Sql { get; }

    /// <summary>What the kernel said to the library, for failures of the file; <see cref="Errno.None"/> for others.</summary>
    public Errno Errno { get; }

    internal static SqliteException Of(nint database, int code, string operation, string? sql = null)
    {
        int extended = SqliteCalls.ExtendedErrorCode(database) is int known and not SqliteCalls.Ok ? known : code;
        string text = Utf8(SqliteCalls.ErrorMessage(database));
        SqliteErrorKind kind = KindOf(extended);
        bool isOfFile = kind is SqliteErrorKind.CannotOpen or SqliteErrorKind.Io or SqliteErrorKind.ReadOnly or SqliteErrorKind.Full;
        int errno = isOfFile ? SqliteCalls.SystemErrno(database) : 0;
        string system = errno == 0 ? "" : $": {Marshal.GetPInvokeErrorMessage(errno)}";
        return new SqliteException(
            kind, extended, sql, $"{operation}{(sql is null ? "" : $" '{sql}'")}: {text}{system} (SQLite code {extended})", (Errno)errno);
    }

    internal static SqliteErrorKind KindOf(int extendedCode) => extendedCode switch
    {
        2067 or 1555 or 2579 => SqliteErrorKind.Unique,
        787 => SqliteErrorKind.ForeignKey,
        _ => (extendedCode & 0xFF) switch
        {
            5 or 6 => SqliteErrorKind.Busy,
            8 => SqliteErrorKind.ReadOnly,
            10 => SqliteErrorKind.Io,
            11 or 26 => SqliteErrorKind.Corrupt,
            13 => SqliteErrorKind.Full,
            14 or 23 => SqliteErrorKind.CannotOpen,
            19 => SqliteErrorKind.Constraint,
            _ => SqliteErrorKind.Other,
        },
    };

    private static string Utf8(nint text) => Marshal.PtrToStringUTF8(text) ?? "";
}
