namespace Sleigh.Runtime.Options;

/// <summary>What <c>fsync</c> inside a sandbox promises.</summary>
public enum Durability
{
    /// <summary>fsync reaches the disk.</summary>
    Strict,

    /// <summary>fsync returns at once (overlayfs <c>volatile</c>, Linux 5.10); only a snapshot is a durable point.</summary>
    Relaxed,
}
