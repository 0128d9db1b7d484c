using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>The images of the tests. Each is made when the first test asks for it.</summary>
public sealed class TestImages(TestDaemon daemon) : IDisposable
{
    /// <summary>Only /hello, a static program.</summary>
    public const string Scratch = "scratch-hello";

    /// <summary>A dynamically linked program and musl's loader, nothing else.</summary>
    public const string Musl = "musl-hello";

    /// <summary>A static busybox with all its names.</summary>
    public const string Busybox = "busybox";

    /// <summary>Debian with python3, made from packages.</summary>
    public const string Debian = "debian-python";

    /// <summary>Debian with the tools that check and build code: Python, Node, Go, git and pre-commit, made from packages.</summary>
    public const string Toolchains = "debian-toolchains";

    private static readonly Dictionary<string, string[]> Packages = new()
    {
        [Debian] = ["python3"],
        [Toolchains] = ["python3", "nodejs", "golang-go", "git", "pre-commit"],
    };

    private const string MuslLoader = "/lib/ld-musl-x86_64.so.1";
    private readonly SemaphoreSlim _turn = new(1);
    private readonly HashSet<string> _made = [];

    /// <summary>Makes sure the image is there; gives its name.</summary>
    public async Task<string> HaveAsync(string name)
    {
        await _turn.WaitAsync();
        try
        {
            if (_made.Contains(name))
            {
                return name;
            }

            if (Packages.TryGetValue(name, out string[]? packages))
            {
                await FromPackagesAsync(name, packages);
            }
            else
            {
                using MemoryStream archive = name switch
                {
                    Scratch => (await ScratchAsync()).Oci(),
                    Musl => (await MuslAsync()).Docker(),
                    Busybox => BusyboxTar().Oci(),
                    _ => throw new ArgumentException($"no image {name}"),
                };
                await ImportAsync(archive, name);
            }

            _made.Add(name);
            return name;
        }
        finally
        {
            _turn.Release();
        }
    }

    public static async Task<ImageTar> ScratchAsync() => new ImageTar().File("hello", await TestProgram.BuildAsync("hello", isStatic: true));

    public static async Task<ImageTar> MuslAsync() => new ImageTar()
        .Folder("bin").Folder("lib")
        .File("bin/hello", await TestProgram.BuildAsync("hello", isStatic: false))
        .File(MuslLoader[1..], await File.ReadAllBytesAsync(MuslLoader));

    public static ImageTar BusyboxTar()
    {
        ImageTar image = new ImageTar().Folder("bin").Folder("tmp").Folder("etc").Folder("root")
            .File("bin/busybox", File.ReadAllBytes("/bin/busybox"))
            .File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nanna:x:1000:1001:Anna:/home/anna:/bin/sh\n"u8.ToArray(), (UnixFileMode)0x1A4)
            .File("etc/group", "root:x:0:\nanna:x:1001:\naudio:x:29:anna\n"u8.ToArray(), (UnixFileMode)0x1A4);
        string names =
            "sh cat echo ls mkdir rm cp mv ln sleep seq head tail tr wc dd id env pwd kill ps printf dirname basename base64 chmod chown stat find " +
            "sha256sum md5sum touch true false test hostname sync mount umount grep sed awk cut sort setsid nohup df yes mkfifo od expr date readlink xargs";
        foreach (string name in names.Split(' '))
        {
            image.Link($"bin/{name}", "busybox");
        }

        return image;
    }

    public void Dispose() => _turn.Dispose();

    private async Task ImportAsync(Stream archive, string name)
    {
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        (int status, JsonObject body) = await administrator.ImportAsync(archive, name);
        Assert.True(status == 201, $"import of {name}: {status} {body.ToJsonString()}\n{daemon.LogTail}");
    }

    // Survives runs of the suite, not a fresh clone; delete it to have the image made again.
    private static string CacheOf(string name) => Path.Combine(Host.Repository, "artifacts", "images", $"{name}.tar");

    private async Task FromPackagesAsync(string name, string[] packages)
    {
        long begin = Stopwatch.GetTimestamp();
        bool isKept = File.Exists(CacheOf(name));
        if (isKept)
        {
            await using FileStream kept = File.OpenRead(CacheOf(name));
            await ImportAsync(kept, name);
        }
        else
        {
            using DaemonClient administrator = DaemonClient.Administrator(daemon);
            string[] lines = await administrator.LinesAsync("/admin/images/bootstrap", new JsonObject
            {
                ["name"] = name, ["suite"] = "bookworm", ["include"] = new JsonArray([.. packages.Select(p => JsonValue.Create(p))]),
            });
            JsonObject? image = JsonNode.Parse(lines[^1])!["image"]?.AsObject();
            Assert.True(image is not null, $"bootstrap of {name} ended with: {string.Join('\n', lines.TakeLast(5))}");
            Keep(name, (string)image["digest"]!);
        }

        TestContext.Current.SendDiagnosticMessage(
            $"image {name} {(isKept ? "imported" : "made from packages")}: {Stopwatch.GetElapsedTime(begin).TotalSeconds:0.0} s, {new FileInfo(CacheOf(name)).Length / 1e6:0.0} MB");
    }

    // The image's blobs lie in containerd's content store under their digests. They are copied by pieces: an image with compilers is large.
    private void Keep(string name, string digest)
    {
        string folder = Path.Combine(daemon.DataDir, "containerd", "io.containerd.content.v1.content", "blobs", "sha256");
        byte[] manifest = File.ReadAllBytes(Path.Combine(folder, digest[7..]));
        JsonNode parsed = JsonNode.Parse(manifest)!;
        string mediaType = (string?)parsed["mediaType"] ?? "application/vnd.oci.image.manifest.v1+json";
        JsonObject index = new() { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(ImageTar.Descriptor(mediaType, manifest)) };
        Directory.CreateDirectory(Path.GetDirectoryName(CacheOf(name))!);
        using (TarWriter archive = new(File.Create(CacheOf(name) + ".new")))
        {
            Add("oci-layout", new MemoryStream("""{"imageLayoutVersion":"1.0.0"}"""u8.ToArray()));
            Add("index.json", new MemoryStream(Encoding.UTF8.GetBytes(index.ToJsonString())));
            foreach (string blob in (string[])[digest, (string)parsed["config"]!["digest"]!, .. parsed["layers"]!.AsArray().Select(l => (string)l!["digest"]!)])
            {
                Add($"blobs/sha256/{blob[7..]}", File.OpenRead(Path.Combine(folder, blob[7..])));
            }

            void Add(string path, Stream data)
            {
                using (data)
                {
                    archive.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = data });
                }
            }
        }

        File.Move(CacheOf(name) + ".new", CacheOf(name), overwrite: true);
    }
}
