using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;

namespace Sleigh.Containerd;

/// <summary>Makes an OCI layout tar for this host from root file trees given as tars.</summary>
public static class OciImageWriter
{
    /// <summary>Writes the archive.</summary>
    /// <param name="destination">Where to; written front to back.</param>
    /// <param name="name">The name to put into it, or null.</param>
    /// <param name="config">What to start in the image.</param>
    /// <param name="layers">Uncompressed tar files, the lowest layer first.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task WriteAsync(
        Stream destination, string? name, ImageConfig config, IReadOnlyList<string> layers, CancellationToken cancellationToken = default)
    {
        await using var archive = new TarWriter(destination, TarEntryFormat.Pax, leaveOpen: true);
        List<OciDescriptor> blobs = [];
        foreach (string path in layers)
        {
            await using FileStream layer = File.OpenRead(path);
            string digest = Digests.From(await SHA256.HashDataAsync(layer, cancellationToken));
            layer.Position = 0;
            blobs.Add(new OciDescriptor { MediaType = MediaTypes.OciLayer, Digest = digest, Size = layer.Length });

            // The same blob twice in an archive is an error.
            if (blobs.Count(b => b.Digest == digest) == 1)
            {
                await AddAsync(archive, ArchiveContents.BlobName(digest), layer, cancellationToken);
            }
        }

        var image = new OciImage
        {
            Architecture = OciPlatform.Host.Architecture,
            Os = OciPlatform.Host.Os,
            Config = new OciProcess
            {
                Env = config.Env,
                Cmd = config.Cmd,
                Entrypoint = config.Entrypoint.Count > 0 ? config.Entrypoint : null,
                WorkingDir = config.WorkingDir.Length > 0 ? config.WorkingDir : null,
                User = config.User.Length > 0 ? config.User : null,
            },
            Rootfs = new OciRootfs { Type = "layers", DiffIds = [.. blobs.Select(b => b.Digest!)] },
        };
        OciDescriptor imageBlob = await AddJsonAsync(
            archive, MediaTypes.OciConfig, JsonSerializer.SerializeToUtf8Bytes(image, OciJson.Default.OciImage), cancellationToken);
        var manifest = new OciManifest { SchemaVersion = 2, MediaType = MediaTypes.OciManifest, Config = imageBlob, Layers = blobs };
        OciDescriptor manifestBlob = await AddJsonAsync(
            archive, MediaTypes.OciManifest, JsonSerializer.SerializeToUtf8Bytes(manifest, OciJson.Default.OciManifest), cancellationToken);
        var index = new OciManifest
        {
            SchemaVersion = 2,
            MediaType = MediaTypes.OciIndex,
            Manifests =
            [
                manifestBlob with
                {
                    Platform = OciPlatform.Host,
                    Annotations = name is null ? null : new Dictionary<string, string> { ["io.containerd.image.name"] = ImageName.Parse(name).ToString() },
                },
            ],
        };
        byte[] indexJson = JsonSerializer.SerializeToUtf8Bytes(index, OciJson.Default.OciManifest);
        await AddAsync(archive, ArchiveContents.IndexName, new MemoryStream(indexJson), cancellationToken);
        await AddAsync(archive, ArchiveContents.LayoutName, new MemoryStream("""{"imageLayoutVersion":"1.0.0"}"""u8.ToArray()), cancellationToken);
    }

    private static async Task<OciDescriptor> AddJsonAsync(TarWriter archive, string mediaType, byte[] json, CancellationToken cancellationToken)
    {
        string digest = Digests.Of(json);
        await AddAsync(archive, ArchiveContents.BlobName(digest), new MemoryStream(json), cancellationToken);
        return new OciDescriptor { MediaType = mediaType, Digest = digest, Size = json.Length };
    }

    private static async Task AddAsync(TarWriter archive, string name, Stream content, CancellationToken cancellationToken)
    {
        var entry = new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, ModificationTime = DateTimeOffset.UnixEpoch };
        await archive.WriteEntryAsync(entry, cancellationToken);
    }
}
