namespace Sleigh.Overlay;

/// <summary>Where and how layers are kept.</summary>
public sealed record LayerStoreOptions
{
    /// <summary>The smallest pool that btrfs does something useful with.</summary>
    public const long MinPoolBytes = 256L << 20;

    /// <summary>Absolute path; made if missing. Only one store at a time may use it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Which driver.</summary>
    public LayerDriverKind Driver { get; init; } = LayerDriverKind.Auto;

    /// <summary>
    /// Size of the btrfs pool file where the data directory is not on btrfs. The file is sparse. A larger figure than at
    /// the last start grows the pool; a smaller one does nothing.
    /// </summary>
    public long PoolBytes { get; init; } = 64L << 30;
}
