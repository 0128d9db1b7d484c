using System.Formats.Tar;
using System.Text.Json;

namespace Sleigh.Containerd;

/// <summary>
/// One image as one tar that is an OCI layout and a docker archive: an index.json and a manifest.json name the same blobs, so
/// skopeo, podman, containerd and docker take it.
/// </summary>
internal static class ImageArchive
{
    private const string NameAnnotation = "io.containerd.image.name";
    private const string TagAnnotation = "org.opencontainers.image.ref.name";

    /// <summary>Writes it.</summary>
    /// <param name="image">The image.</param>
    /// <param name="name">The name in it.</param>
    /// <param name="open">Opens a layer's blob.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">Ends it in the middle.</param>
    public static async Task WriteAsync(
        ImageDraft image, ImageName name, Func<string, Stream> open, Stream output, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);

        // A layer may stand in a manifest twice; the same blob twice in an archive is an error.
        foreach (string digest in image.Layers.Select(layer => layer.Blob.Digest).Distinct())
        {
            await using Stream blob = open(digest);
            await AddAsync(tar, ArchiveContents.BlobName(digest), blob, cancellationToken);
        }

        await AddAsync(tar, ArchiveContents.BlobName(image.ConfigBlob.Digest), image.Config, cancellationToken);
        await AddAsync(tar, ArchiveContents.BlobName(image.ManifestBlob.Digest), image.Manifest, cancellationToken);
        await AddAsync(tar, ArchiveContents.LayoutName, """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray(), cancellationToken);
        await AddAsync(tar, ArchiveContents.IndexName, Index(image, name), cancellationToken);
        await AddAsync(tar, ArchiveContents.DockerName, DockerManifest(image, name), cancellationToken);
    }

    internal static byte[] Index(ImageDraft image, ImageName name) => JsonSerializer.SerializeToUtf8Bytes(
        new OciManifest
        {
            SchemaVersion = 2,
            MediaType = MediaTypes.OciIndex,
            Manifests =
            [
                ImageDraft.Oci(image.ManifestBlob) with
                {
                    Platform = OciPlatform.Host,
                    Annotations = new Dictionary<string, string> { [NameAnnotation] = name.ToString(), [TagAnnotation] = name.Tag ?? "latest" },
                },
            ],
        },
        OciJson.Default.OciManifest);

    internal static byte[] DockerManifest(ImageDraft image, ImageName name) => JsonSerializer.SerializeToUtf8Bytes(
        [
            new DockerArchiveImage
            {
                Config = ArchiveContents.BlobName(image.ConfigBlob.Digest),
                RepoTags = [name.Familiar],
                Layers = [.. image.Layers.Select(layer => ArchiveContents.BlobName(layer.Blob.Digest))],
            },
        ],
        OciJson.Default.IReadOnlyListDockerArchiveImage);

    private static Task AddAsync(TarWriter tar, string name, byte[] content, CancellationToken cancellationToken) =>
        AddAsync(tar, name, new MemoryStream(content), cancellationToken);

    private static async Task AddAsync(TarWriter tar, string name, Stream content, CancellationToken cancellationToken)
    {
        var entry = new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, ModificationTime = DateTimeOffset.UnixEpoch };
        await tar.WriteEntryAsync(entry, cancellationToken);
    }
}
