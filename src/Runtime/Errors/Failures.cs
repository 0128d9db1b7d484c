using Sleigh.Containerd;
using Sleigh.Linux;
using Sleigh.Linux.Sqlite;
using Sleigh.Overlay;
using Sleigh.Runtime.Networking;

namespace Sleigh.Runtime;

/// <summary>What callers are told of a failure below the runtime: the one place where kinds of kernel and containerd become ours.</summary>
internal static class Failures
{
    /// <summary>The error for the caller; the cause goes along for the log.</summary>
    /// <param name="cause">What happened.</param>
    /// <param name="otherwise">The kind when the cause has none of its own.</param>
    /// <param name="message">The sentence for that kind.</param>
    public static RuntimeException Translate(Exception cause, ErrorKind otherwise, string message) => cause switch
    {
        RuntimeException known => known,
        LayerStoreFullException full => new RuntimeException(
            ErrorKind.DiskFull,
            $"the layer store is full: {full.FreeBytes >> 20} MB of {full.TotalBytes >> 20} MB are free", cause)
        {
            Hint = "delete snapshots or sandboxes that are no longer needed, or enlarge the pool (sleighctl storage grow)",
        },
        LayerLimitException => new RuntimeException(
            ErrorKind.UnsupportedOnHost, $"bad request: disk_limit_mb cannot be enforced on this host: {cause.Message}", cause)
        {
            Details = new Dictionary<string, object> { ["field"] = "disk_limit_mb" },
        },
        SqliteException when OfFullDisk(cause) is RuntimeException full => full,
        NetworkUnavailableException => new RuntimeException(
            ErrorKind.UnsupportedOnHost, $"bad request: network bridge is not available on this host: {cause.Message}", cause)
        {
            Details = new Dictionary<string, object> { ["field"] = "network" },
        },
        ContainerdException { Kind: ContainerdErrorKind.Unavailable or ContainerdErrorKind.DeadlineExceeded } => new RuntimeException(
            ErrorKind.EngineUnavailable, "containerd does not answer; it is being waited for, try again in a moment", cause),
        _ => new RuntimeException(otherwise, message, cause),
    };

    /// <summary>The error for a change that the database did not take because the disk is full; null for what is something else.</summary>
    public static RuntimeException? OfFullDisk(Exception cause) =>
        cause is SqliteException { Kind: SqliteErrorKind.Full } or SqliteException { Kind: SqliteErrorKind.Io, Errno: Errno.ENOSPC or Errno.EDQUOT }
            ? new RuntimeException(ErrorKind.DiskFull, "the disk of the data directory is full: what was asked for could not be recorded", cause)
            {
                Hint = "free space on the disk of data_dir, then send the request again",
            }
            : null;
}
