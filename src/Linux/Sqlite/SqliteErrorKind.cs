namespace Sleigh.Linux.Sqlite;

/// <summary>What a caller may want to tell apart. From the primary and extended result codes of SQLite's documentation.</summary>
public enum SqliteErrorKind
{
    /// <summary>Anything else: mostly a mistake in the SQL.</summary>
    Other,

    /// <summary>A value that must be unique, a primary key included, is there already.</summary>
    Unique,

    /// <summary>A row is named that does not exist, or a row is deleted that others name.</summary>
    ForeignKey,

    /// <summary>Another rule of the schema: NOT NULL, CHECK.</summary>
    Constraint,

    /// <summary>Another process holds the database.</summary>
    Busy,

    /// <summary>The disk or a quota is full.</summary>
    Full,

    /// <summary>The file, its folder or its file system cannot be written.</summary>
    ReadOnly,

    /// <summary>The file cannot be opened.</summary>
    CannotOpen,

    /// <summary>The file is not a database, or is damaged.</summary>
    Corrupt,

    /// <summary>The kernel failed a read or a write.</summary>
    Io,

    /// <summary>The database was written by a newer version of the program.</summary>
    NewerSchema,
}
