using Sleigh.Containerd;
using Sleigh.Overlay;

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
        ContainerdException { Kind: ContainerdErrorKind.Unavailable or ContainerdErrorKind.DeadlineExceeded } => new RuntimeException(
            ErrorKind.EngineUnavailable, "containerd does not answer; it is being waited for, try again in a moment", cause),
        _ => new RuntimeException(otherwise, message, cause),
    };
}
