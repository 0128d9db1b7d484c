namespace Sleigh.Runtime.Options;

/// <summary>How the layer store copies a layer.</summary>
public enum StorageDriver
{
    /// <summary>btrfs where the data directory is on it or a pool file can be made, else reflink, else copy.</summary>
    Auto,

    /// <summary>A layer is a subvolume; a copy takes the same time for any size.</summary>
    Btrfs,

    /// <summary>A copy shares the blocks of each file.</summary>
    Reflink,

    /// <summary>A copy is a copy; for any file system.</summary>
    Copy,
}
