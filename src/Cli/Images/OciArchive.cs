using System.Formats.Tar;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Sleigh.Cli.Images;

/// <summary>
/// An image of one uncompressed layer as an OCI image layout in a tar (image-spec v1.0: <c>oci-layout</c>, <c>index.json</c>,
/// <c>blobs/sha256/</c>), written while it is sent.
/// </summary>
internal sealed class OciArchive
{
    private readonly string _layerPath;
    private readonly string _layerDigest;
    private readonly long _layerSize;
    private readonly byte[] _config;
    private readonly byte[] _manifest;
    private readonly byte[] _index;

    private OciArchive(string layerPath, string layerDigest, long layerSize, OciImage image)
    {
        _layerPath = layerPath;
        _layerDigest = layerDigest;
        _layerSize = layerSize;
        string created = image.Created.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        _config = Bytes(new JsonObject
        {
            ["created"] = created,
            ["architecture"] = image.Architecture,
            ["os"] = "linux",
            ["config"] = new JsonObject
            {
                ["Env"] = Api.JsonFields.Array(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]),
                ["Cmd"] = Api.JsonFields.Array(["/bin/sh"]),
            },
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = Api.JsonFields.Array([layerDigest]) },
            ["history"] = new JsonArray(new JsonObject { ["created"] = created, ["created_by"] = image.CreatedBy }),
        });
        _manifest = Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
            ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", _config),
            ["layers"] = new JsonArray(Descriptor("application/vnd.oci.image.layer.v1.tar", layerDigest, layerSize)),
        });
        JsonObject manifest = Descriptor("application/vnd.oci.image.manifest.v1+json", _manifest);
        manifest["platform"] = new JsonObject { ["architecture"] = image.Architecture, ["os"] = "linux" };
        manifest["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = image.Name };
        _index = Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.index.v1+json",
            ["manifests"] = new JsonArray(manifest),
        });
    }

    /// <summary>Reads the layer once for its digest.</summary>
    /// <param name="layerPath">A tar of a root file system, uncompressed.</param>
    /// <param name="image">What the image says of itself.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<OciArchive> OfLayerAsync(string layerPath, OciImage image, CancellationToken cancellationToken)
    {
        await using FileStream layer = File.OpenRead(layerPath);
        byte[] hash = await SHA256.HashDataAsync(layer, cancellationToken);
        return new OciArchive(layerPath, $"sha256:{Convert.ToHexStringLower(hash)}", layer.Length, image);
    }

    /// <summary>Writes the tar: small parts first, then the layer, so that a reader knows early what comes.</summary>
    public async Task WriteAsync(Stream output, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true);
        await AddAsync("oci-layout", new MemoryStream("{\"imageLayoutVersion\":\"1.0.0\"}"u8.ToArray()));
        await AddAsync("index.json", new MemoryStream(_index));
        await AddAsync(BlobPath(Digest(_manifest)), new MemoryStream(_manifest));
        await AddAsync(BlobPath(Digest(_config)), new MemoryStream(_config));
        await AddAsync(BlobPath(_layerDigest), File.OpenRead(_layerPath));

        async Task AddAsync(string name, Stream data)
        {
            await using (data)
            {
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = data }, cancellationToken);
            }
        }
    }

    /// <summary>Size of the layer in bytes.</summary>
    public long LayerSize => _layerSize;

    private static string BlobPath(string digest) => "blobs/" + digest.Replace(':', '/');

    private static string Digest(byte[] data) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(data));

    private static JsonObject Descriptor(string mediaType, byte[] data) => Descriptor(mediaType, Digest(data), data.Length);

    private static JsonObject Descriptor(string mediaType, string digest, long size) =>
        new() { ["mediaType"] = mediaType, ["digest"] = digest, ["size"] = size };

    private static byte[] Bytes(JsonObject value) => Encoding.UTF8.GetBytes(value.ToJsonString());
}
