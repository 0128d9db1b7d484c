namespace Sleigh.Overlay;

/// <summary>A sandbox's writable layer.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Upper">The overlay's upper directory.</param>
/// <param name="Work">The overlay's work directory.</param>
/// <param name="SealedLowers">
/// Directories of sealed layers it stands on, uppermost first: they go before the image's layers. Empty with btrfs.
/// </param>
public sealed record LiveLayer(LayerId Id, string Upper, string Work, IReadOnlyList<string> SealedLowers);

/// <summary>A snapshot's read-only layer.</summary>
/// <param name="Id">Its name.</param>
/// <param name="OwnBytes">Bytes that sealing it took on the disk; null where the driver does not know (btrfs).</param>
public sealed record SealedLayer(LayerId Id, long? OwnBytes)
{
    /// <summary>The live layer's mark for what was sealed; null: there is none, so what follows counts as changed.</summary>
    public LayerMark? Mark { get; init; }

    /// <summary>Whether nothing had changed since the mark that the seal was given.</summary>
    public bool IsUnchanged { get; init; }
}

/// <summary>What is in the store.</summary>
/// <param name="Live">Live layers.</param>
/// <param name="Sealed">Sealed layers, without those that were deleted and are kept only for layers that stand on them.</param>
public sealed record LayerInventory(IReadOnlyList<LayerId> Live, IReadOnlyList<LayerId> Sealed);

/// <summary>What the store is.</summary>
/// <param name="Driver">The driver in use, never <see cref="LayerDriverKind.Auto"/>.</param>
/// <param name="Reason">Why this one, for people.</param>
/// <param name="Root">Where the layers lie.</param>
/// <param name="TotalBytes">Size of that filesystem.</param>
/// <param name="FreeBytes">What is free in it. Of a pool file: in the pool; the file's own filesystem may have less.</param>
/// <param name="PoolDevice">The loop device of the pool file, if there is one.</param>
public sealed record LayerStoreStatus(
    LayerDriverKind Driver, string Reason, string Root, long TotalBytes, long FreeBytes, string? PoolDevice);
