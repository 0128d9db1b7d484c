namespace Sleigh.Containerd;

/// <summary>Media types of images, OCI's and docker's.</summary>
internal static class MediaTypes
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciConfig = "application/vnd.oci.image.config.v1+json";
    public const string OciLayer = "application/vnd.oci.image.layer.v1.tar";

    private static readonly string[] LayerStems =
    [
        OciLayer,
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
    ];

    /// <summary>Whether it is a layer of a known form.</summary>
    public static bool IsLayer(string? mediaType) => mediaType is not null && LayerStems.Any(
        stem => mediaType.StartsWith(stem, StringComparison.Ordinal) && mediaType[stem.Length..] is "" or "+gzip" or ".gzip" or "+zstd" or ".zstd");

    /// <summary>The compression that a layer's media type states.</summary>
    public static Compression CompressionOf(string mediaType) =>
        mediaType.EndsWith("gzip", StringComparison.Ordinal) ? Compression.Gzip
        : mediaType.EndsWith("zstd", StringComparison.Ordinal) ? Compression.Zstd
        : Compression.None;

    /// <summary>OCI's media type for a layer of that compression.</summary>
    public static string LayerOf(Compression compression) => compression switch
    {
        Compression.Gzip => OciLayer + "+gzip",
        Compression.Zstd => OciLayer + "+zstd",
        _ => OciLayer,
    };
}
