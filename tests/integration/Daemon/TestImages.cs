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

    private const string MuslLoader = "/lib/ld-musl-x86_64.so.1";
    private readonly SemaphoreSlim _turn = new(1);
    private readonly HashSet<string> _made = [];

    /// <summary>Survives runs of the suite, not a fresh clone; delete it to have the image made again.</summary>
    public static string DebianCache => Path.Combine(Host.Repository, "artifacts", "images", "debian-python.tar");

    /// <summary>Whether the Debian image came from packages in this run.</summary>
    public bool MadeFromPackages { get; private set; }

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

            if (name == Debian)
            {
                await DebianAsync();
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

    private async Task DebianAsync()
    {
        if (File.Exists(DebianCache))
        {
            await using FileStream cached = File.OpenRead(DebianCache);
            await ImportAsync(cached, Debian);
            return;
        }

        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        string[] lines = await administrator.LinesAsync("/admin/images/bootstrap", new JsonObject
        {
            ["name"] = Debian, ["suite"] = "bookworm", ["include"] = new JsonArray("python3"),
        });
        JsonObject? image = JsonNode.Parse(lines[^1])!["image"]?.AsObject();
        Assert.True(image is not null, $"bootstrap ended with: {string.Join('\n', lines.TakeLast(5))}");
        MadeFromPackages = true;
        SaveDebian((string)image["digest"]!);
    }

    // The image's blobs lie in containerd's content store under their digests.
    private void SaveDebian(string digest)
    {
        string folder = Path.Combine(daemon.DataDir, "containerd", "io.containerd.content.v1.content", "blobs", "sha256");
        byte[] Blob(string d) => File.ReadAllBytes(Path.Combine(folder, d[7..]));
        byte[] manifest = Blob(digest);
        JsonNode parsed = JsonNode.Parse(manifest)!;
        byte[][] blobs = [manifest, Blob((string)parsed["config"]!["digest"]!), .. parsed["layers"]!.AsArray().Select(l => Blob((string)l!["digest"]!))];
        string mediaType = (string?)parsed["mediaType"] ?? "application/vnd.oci.image.manifest.v1+json";
        Directory.CreateDirectory(Path.GetDirectoryName(DebianCache)!);
        File.WriteAllBytes(DebianCache + ".new", ImageTar.Layout(ImageTar.Descriptor(mediaType, manifest), blobs));
        File.Move(DebianCache + ".new", DebianCache, overwrite: true);
    }
}
