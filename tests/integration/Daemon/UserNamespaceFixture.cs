using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A daemon whose sandboxes have a user namespace, with a folder of the host to mount.</summary>
public sealed class UserNamespaceFixture : IAsyncLifetime
{
    /// <summary>What root inside is outside.</summary>
    public const uint First = 2_147_483_648;

    private TestDaemon? _daemon;
    private TestImages? _images;
    private DaemonClient? _client;
    private TestDirectory? _zone;

    public TestDaemon Daemon => _daemon!;

    public DaemonClient Client => _client!;

    /// <summary>mounts.root.</summary>
    public string Zone => _zone!.Path;

    public async Task<TestSandbox> SandboxAsync(string image = TestImages.Busybox, JsonObject? more = null) =>
        new(Client, await Client.NewAsync(await _images!.HaveAsync(image), more));

    public async ValueTask InitializeAsync()
    {
        if (!DaemonFixture.IsPossible)
        {
            return;
        }

        _zone = new TestDirectory();
        _daemon = new TestDaemon(
            ("sandbox.user_namespace", "true"), ("mounts.root", Zone), ("mounts.rw_paths", "[/]"), ("environments.root", Zone), ("pool.size", "2"));
        _images = new TestImages(_daemon);
        await _daemon.StartAsync();
        _client = await DaemonClient.NewSessionAsync(_daemon);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        _images?.Dispose();
        if (_daemon is not null)
        {
            await _daemon.DisposeAsync();
        }

        _zone?.Dispose();
    }
}
