using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A daemon, two real registries (one with a login), and a proxy in front of the open one that can hold bytes back.</summary>
public sealed class RegistryFixture : IAsyncLifetime
{
    private int _images;

    public TestDaemon Daemon { get; private set; } = null!;

    public LoopbackRegistry Open { get; private set; } = null!;

    public LoopbackRegistry Locked { get; private set; } = null!;

    public StallingProxy Proxy { get; private set; } = null!;

    public DaemonClient Client { get; private set; } = null!;

    public DaemonClient Administrator { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (!DaemonFixture.IsPossible || !Host.Has(Need.DockerRegistry))
        {
            return;
        }

        Open = await LoopbackRegistry.StartAsync();
        Locked = await LoopbackRegistry.StartAsync(login: true);
        Proxy = new StallingProxy(Open.Address);
        Daemon = new TestDaemon(("pool.size", "1"));
        UseLogin(LoopbackRegistry.Password);
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

        Client.Dispose();
        Administrator.Dispose();
        await Proxy.DisposeAsync();
        await Daemon.DisposeAsync();
        await Open.DisposeAsync();
        await Locked.DisposeAsync();
    }

    /// <summary>The login for the locked registry, from the next start.</summary>
    public void UseLogin(string password) =>
        Daemon.Set("images.registries", $"{{\"{Locked.Address}\": {{username: {LoopbackRegistry.User}, password: {password}}}}}");

    /// <summary>An image with a shell, of a layer that no other image has.</summary>
    public MemoryStream NewImage(int noise = 1024)
    {
        byte[] bytes = new byte[noise];
        new Random(++_images).NextBytes(bytes);
        return TestImages.BusyboxTar().File("noise", bytes).Oci();
    }

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
}
