namespace Sleigh.Containerd;

/// <summary>Media types of images, OCI's and docker's.</summary>
internal static class MediaTypes
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciConfig = "application/vnd.oci.image.config.v1+json";
    public const string OciLayer = "application/vnd.oci.image.layer.v1.tar";

    public const string DockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    private const string OciForeign = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    private const string DockerForeign = "application/vnd.docker.image.rootfs.foreign.diff.tar";

    private static readonly string[] LayerStems = [OciLayer, OciForeign, "application/vnd.docker.image.rootfs.diff.tar", DockerForeign];

    /// <summary>Whether it is a layer of a known form.</summary>
    public static bool IsLayer(string? mediaType) => mediaType is not null && LayerStems.Any(
        stem => mediaType.StartsWith(stem, StringComparison.Ordinal) && mediaType[stem.Length..] is "" or "+gzip" or ".gzip" or "+zstd" or ".zstd");

    /// <summary>Whether it is a layer that registries do not hold.</summary>
    public static bool IsForeign(string mediaType) =>
        mediaType.StartsWith(OciForeign, StringComparison.Ordinal) || mediaType.StartsWith(DockerForeign, StringComparison.Ordinal);

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
