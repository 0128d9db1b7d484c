using System.Formats.Tar;
using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Registry;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>
/// A daemon; a real registry behind a door that counts what is fetched and can hold it back; and another registry over the same blobs
/// that wants a login.
/// </summary>
public sealed class RegistryFixture : IAsyncLifetime
{
    public const string Password = "open sesame";

    // With the bcrypt of the password, as htpasswd -B writes it.
    private const string Login = "reader:$2y$04$5lwvad/X/5hvGupzNjttDOe3nIsqrWETlcEyDWDiML9KvU.PvOvaa\n";

    private RealRegistry? _registry;
    private RealRegistry? _locked;
    private TestDoor? _door;
    private int _images;

    public TestDaemon Daemon { get; private set; } = null!;

    public DaemonClient Client { get; private set; } = null!;

    public DaemonClient Administrator { get; private set; } = null!;

    /// <summary>The open registry, by its door.</summary>
    public string Host => _door!.Host;

    /// <summary>The registry that wants a login.</summary>
    public string LockedHost => _locked!.Host;

    /// <summary>Changes how blobs of more than 1 MiB are given.</summary>
    internal Func<DoorAnswer, DoorAnswer> Blobs { get; set; } = answer => answer;

    public async ValueTask InitializeAsync()
    {
        if (!DaemonFixture.IsPossible || !TestSupport.Host.Has(Need.DockerRegistry))
        {
            return;
        }

        Daemon = new TestDaemon(("pool.size", "1"));
        string logins = Path.Combine(Daemon.Folder, "logins");
        await File.WriteAllTextAsync(logins, Login);
        _registry = new RealRegistry();
        await _registry.InitializeAsync();
        _locked = await _registry.ShareAsync(auth: $"""
            auth:
              htpasswd:
                realm: tests
                path: {logins}
            """);
        _door = new TestDoor(_registry.Host, (request, answer) => request.IsBlob && answer.Body.Length > 1 << 20 ? Blobs(answer) : answer);
        UseLogin(Password);
        await Daemon.StartAsync();
        Client = await DaemonClient.NewSessionAsync(Daemon);
        Administrator = DaemonClient.Administrator(Daemon);
    }

    public async ValueTask DisposeAsync()
    {
        if (Daemon is null)
        {
            return;
        }

        Client?.Dispose();
        Administrator?.Dispose();
        await Daemon.DisposeAsync();
        foreach (IAsyncDisposable? part in new IAsyncDisposable?[] { _door, _locked, _registry })
        {
            await (part?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    /// <summary>The login for the locked registry, from the next start.</summary>
    public void UseLogin(string password) =>
        Daemon.Set("images.registries", $"{{\"{LockedHost}\": {{username: reader, password: {password}}}}}");

    /// <summary>Pushes an image with a shell, of a layer that no other image has.</summary>
    public async Task<PushedImage> PushAsync(string repository, int noise = 1024)
    {
        byte[] bytes = new byte[noise];
        new Random(++_images).NextBytes(bytes);
        Dictionary<string, byte[]> members = await MembersAsync(TestImages.BusyboxTar().File("noise", bytes).Oci());
        JsonNode described = JsonNode.Parse(members["index.json"])!["manifests"]![0]!;
        byte[] manifest = Blob((string)described["digest"]!);
        JsonNode parsed = JsonNode.Parse(manifest)!;
        string layer = (string)parsed["layers"]![0]!["digest"]!;
        await _registry!.Pusher.PutBlobAsync(repository, Blob(layer));
        await _registry.Pusher.PutBlobAsync(repository, Blob((string)parsed["config"]!["digest"]!));
        await _registry.Pusher.PutManifestAsync(repository, "1", manifest, (string)described["mediaType"]!);
        return new PushedImage($"{Host}/{repository}:1", layer, Blob(layer).Length);

        byte[] Blob(string digest) => members[$"blobs/sha256/{digest[7..]}"];
    }

    /// <summary>How often a blob was fetched by the door.</summary>
    public int Fetches(string digest) => _door!.Requests.Count(r => r.Method == "GET" && r.Target.EndsWith($"/blobs/{digest}", StringComparison.Ordinal));

    /// <summary>The image as the administrator sees it; null when it is not on the host.</summary>
    public async Task<JsonObject?> FindAsync(string name) =>
        (await Administrator.SendAsync("GET", "/admin/images", null, 200))["items"]!.AsArray().Select(i => i!.AsObject()).FirstOrDefault(i => (string)i["name"]! == name);

    /// <summary>Names of blobs in containerd, and of those half-written.</summary>
    public string[] Content() => [.. Names("blobs/sha256"), .. Names("ingest")];

    private string[] Names(string folder)
    {
        string path = Path.Combine(Daemon.DataDir, "containerd", "io.containerd.content.v1.content", folder);
        return Directory.Exists(path) ? [.. Directory.GetFileSystemEntries(path).Order(StringComparer.Ordinal)] : [];
    }

    private static async Task<Dictionary<string, byte[]>> MembersAsync(Stream layout)
    {
        Dictionary<string, byte[]> members = [];
        await using TarReader reader = new(layout);
        while (await reader.GetNextEntryAsync() is { } entry)
        {
            using MemoryStream bytes = new();
            await (entry.DataStream ?? Stream.Null).CopyToAsync(bytes);
            members[entry.Name] = bytes.ToArray();
        }

        return members;
    }
}
