using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Sleigh.TestSupport;

/// <summary>Builds image archives from files, as an OCI layout or a docker archive.</summary>
public sealed class ImageTar
{
    private const UnixFileMode Executable = (UnixFileMode)0x1ED; // 0755
    private readonly List<TarEntry> _files = [];

    public ImageTar File(string path, byte[] content, UnixFileMode mode = Executable)
    {
        _files.Add(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(content), Mode = mode });
        return this;
    }

    public ImageTar Folder(string path)
    {
        _files.Add(new PaxTarEntry(TarEntryType.Directory, path) { Mode = Executable });
        return this;
    }

    public ImageTar Link(string path, string target)
    {
        _files.Add(new PaxTarEntry(TarEntryType.SymbolicLink, path) { LinkName = target });
        return this;
    }

    /// <summary>An OCI layout of one layer.</summary>
    public MemoryStream Oci(string architecture = "amd64")
    {
        byte[] layer = Tar(_files);
        byte[] config = Config(layer, architecture);
        byte[] manifest = Text(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", config),
            ["layers"] = new JsonArray(Descriptor("application/vnd.oci.image.layer.v1.tar", layer)),
        });
        return new MemoryStream(Layout(Descriptor("application/vnd.oci.image.manifest.v1+json", manifest), manifest, config, layer));
    }

    /// <summary>A docker archive of one layer.</summary>
    public MemoryStream Docker()
    {
        byte[] layer = Tar(_files);
        byte[] manifest = Encoding.UTF8.GetBytes("""[{"Config":"config.json","RepoTags":["one:1"],"Layers":["layer.tar"]}]""");
        return new MemoryStream(Tar([Member("manifest.json", manifest), Member("config.json", Config(layer, "amd64")), Member("layer.tar", layer)]));
    }

    /// <summary>The layout of blobs that exist already.</summary>
    public static byte[] Layout(JsonObject manifest, params byte[][] blobs) => Tar(
    [
        Member("oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray()),
        Member("index.json", Text(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(manifest) })),
        .. blobs.Select(b => Member($"blobs/sha256/{Digest(b)[7..]}", b)),
    ]);

    public static JsonObject Descriptor(string mediaType, byte[] blob) =>
        new() { ["mediaType"] = mediaType, ["digest"] = Digest(blob), ["size"] = blob.Length };

    public static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Config(byte[] layer, string architecture) => Text(new JsonObject
    {
        ["architecture"] = architecture,
        ["os"] = "linux",
        ["config"] = new JsonObject { ["Env"] = new JsonArray("PATH=/usr/local/bin:/usr/bin:/bin:/sbin") },
        ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(Digest(layer)) },
    });

    private static byte[] Text(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());

    private static PaxTarEntry Member(string name, byte[] content) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) };

    private static byte[] Tar(IEnumerable<TarEntry> entries)
    {
        using MemoryStream target = new();
        using (TarWriter writer = new(target, leaveOpen: true))
        {
            foreach (TarEntry entry in entries)
            {
                writer.WriteEntry(entry);
            }
        }

        return target.ToArray();
    }
}
