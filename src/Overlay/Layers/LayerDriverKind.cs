namespace Sleigh.Overlay;

/// <summary>How layers are kept.</summary>
public enum LayerDriverKind
{
    /// <summary>The best that works: btrfs, else reflink, else copy; what a data directory began with stays.</summary>
    Auto,

    /// <summary>Each layer a subvolume: sealing, restoring and forking take the same time whatever the size.</summary>
    Btrfs,

    /// <summary>Sealing clones each file (XFS): no data is copied. Restoring and forking stack the sealed layer.</summary>
    Reflink,

    /// <summary>Sealing copies what changed, on any filesystem. Restoring and forking stack the sealed layer.</summary>
    Copy,
}
