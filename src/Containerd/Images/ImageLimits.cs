namespace Sleigh.Containerd;

/// <summary>How much an archive may hold. The defaults let every ordinary image pass.</summary>
public sealed record ImageLimits
{
    /// <summary>Bytes of the archive, unpacked.</summary>
    public long MaxArchiveBytes { get; init; } = 64L << 30;

    /// <summary>Bytes of one member of the archive.</summary>
    public long MaxMemberBytes { get; init; } = 32L << 30;

    /// <summary>Members of the archive.</summary>
    public int MaxMembers { get; init; } = 20_000;

    /// <summary>Bytes of a manifest, configuration or index.</summary>
    public int MaxJsonBytes { get; init; } = 4 << 20;

    /// <summary>Bytes that all layers together take on disk, holes of sparse files counted.</summary>
    public long MaxUnpackedBytes { get; init; } = 64L << 30;

    /// <summary>Files, directories and links of all layers together.</summary>
    public int MaxFiles { get; init; } = 4_000_000;

    /// <summary>Layers of one image; overlayfs takes at most 500.</summary>
    public int MaxLayers { get; init; } = 127;

    /// <summary>How many times larger than its compressed form a thing may be once it is larger than <see cref="RatioFrom"/>.</summary>
    public int MaxRatio { get; init; } = 200;

    /// <summary>Bytes up to which <see cref="MaxRatio"/> is not looked at: small things of zeros are no harm.</summary>
    public long RatioFrom { get; init; } = 256L << 20;
}
