using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>Makes tars of images, good and bad ones.</summary>
internal sealed class TestArchive
{
    private readonly List<TarEntry> _entries = [];

    public static string DigestOf(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static byte[] Gzip(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return target.ToArray();
    }

    /// <summary>A layer of files.</summary>
    public static byte[] Layer(params (string Name, byte[] Content)[] files)
    {
        var layer = new TestArchive();
        foreach ((string name, byte[] content) in files)
        {
            layer.Add(name, content);
        }

        return layer.Build();
    }

    /// <summary>A configuration for layers, given uncompressed.</summary>
    public static byte[] Config(IEnumerable<byte[]> layers, string architecture = "amd64", string os = "linux") => Json(new JsonObject
    {
        ["architecture"] = architecture,
        ["os"] = os,
        ["config"] = new JsonObject
        {
            ["Env"] = new JsonArray("PATH=/bin", "A=b"),
            ["Cmd"] = new JsonArray("/hello"),
            ["Entrypoint"] = new JsonArray("/entry"),
            ["WorkingDir"] = "/work",
            ["User"] = "7:8",
        },
        ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray([.. layers.Select(l => JsonValue.Create(DigestOf(l)))]) },
    });

    public static byte[] Manifest(byte[] config, params (byte[] Blob, string Ending)[] layers) => Json(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
        ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", config),
        ["layers"] = new JsonArray([.. layers.Select(l => Descriptor("application/vnd.oci.image.layer.v1.tar" + l.Ending, l.Blob))]),
    });

    public static JsonObject Descriptor(string mediaType, byte[] blob) => new()
    {
        ["mediaType"] = mediaType,
        ["digest"] = DigestOf(blob),
        ["size"] = blob.Length,
    };

    public static byte[] Index(params JsonObject[] manifests) => Json(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = "application/vnd.oci.image.index.v1+json",
        ["manifests"] = new JsonArray([.. manifests]),
    });

    /// <summary>A whole OCI layout of one image with one layer.</summary>
    public static TestArchive Oci(byte[] layer, string? name = "one:1", string architecture = "amd64", byte[]? blob = null, string ending = "")
    {
        byte[] config = Config([layer], architecture);
        byte[] manifest = Manifest(config, (blob ?? layer, ending));
        JsonObject descriptor = Descriptor("application/vnd.oci.image.manifest.v1+json", manifest);
        if (name is not null)
        {
            descriptor["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = name };
        }

        return new TestArchive().AddLayout(Index(descriptor)).AddBlob(manifest).AddBlob(config).AddBlob(blob ?? layer);
    }

    public static byte[] Json(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());

    public TestArchive AddLayout(byte[] index) => Add("oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray()).Add("index.json", index);

    public TestArchive AddBlob(byte[] blob) => Add("blobs/sha256/" + DigestOf(blob)[7..], blob);

    public TestArchive Add(string name, byte[] content)
    {
        _entries.Add(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        return this;
    }

    public TestArchive AddLink(string name, string target, bool hard = false)
    {
        _entries.Add(new PaxTarEntry(hard ? TarEntryType.HardLink : TarEntryType.SymbolicLink, name) { LinkName = target });
        return this;
    }

    public TestArchive AddFifo(string name)
    {
        _entries.Add(new PaxTarEntry(TarEntryType.Fifo, name));
        return this;
    }

    /// <summary>A member whose few bytes stand for a large file of holes, as GNU tar writes it.</summary>
    public TestArchive AddSparse(string name, long size)
    {
        byte[] content = new byte[512];
        Encoding.ASCII.GetBytes($"1\n{size}\n0\n").CopyTo(content, 0);
        var pax = new Dictionary<string, string>
        {
            ["GNU.sparse.major"] = "1",
            ["GNU.sparse.minor"] = "0",
            ["GNU.sparse.name"] = name,
            ["GNU.sparse.realsize"] = size.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        _entries.Add(new PaxTarEntry(TarEntryType.RegularFile, "GNUSparseFile.0/" + name, pax) { DataStream = new MemoryStream(content) });
        return this;
    }

    public byte[] Build()
    {
        using var target = new MemoryStream();
        using (var writer = new TarWriter(target, leaveOpen: true))
        {
            foreach (TarEntry entry in _entries)
            {
                writer.WriteEntry(entry);
            }
        }

        return target.ToArray();
    }
}
