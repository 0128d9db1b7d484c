using Sleigh.Linux;
using Sleigh.Linux.Sqlite;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>What a cause means for a start, as a sentence that says what to do.</summary>
internal static class StartFailures
{
    /// <summary>Something in the data or state directory cannot be used.</summary>
    public static StartException Storage(SleighOptions options, Exception cause, string? what = null)
    {
        string told = what is null ? cause.Message : $"{what}: {cause.Message}";
        return new StartException(
            StartFailureKind.Storage,
            IsFull(cause) ? $"the disk of data_dir {options.DataDir} or state_dir {options.StateDir} is full; free space there, then start again: {told}" : told,
            cause);
    }

    private static bool IsFull(Exception? cause) => cause switch
    {
        null => false,
        SqliteException { Kind: SqliteErrorKind.Full } or SqliteException { Errno: Errno.ENOSPC or Errno.EDQUOT } => true,
        IOException { HResult: (int)Errno.ENOSPC or (int)Errno.EDQUOT } => true,
        _ => IsFull(cause.InnerException),
    };
}
