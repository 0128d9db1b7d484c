using Sleigh.IntegrationTests.Network;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A daemon whose packets leave through a namespace with a world behind it, and that is told to end for good at the end.</summary>
public sealed class NetworkFixture : IAsyncLifetime
{
    private NetworkWorld? _world;
    private TestDaemon? _daemon;
    private TestImages? _images;
    private DaemonClient? _client;

    public NetworkWorld World => _world!;

    public TestDaemon Daemon => _daemon!;

    public DaemonClient Client => _client!;

    public async ValueTask InitializeAsync()
    {
        if (!DaemonFixture.IsPossible || !Host.Has(Need.Networking))
        {
            return;
        }

        _world = await NetworkWorld.MakeAsync();
        _daemon = new TestDaemon(
            ("sandbox.network", "bridge"), ("network.uplink_namespace", _world.Host), ("network.nameservers", "[198.51.100.2]"), ("network.pool_size", "2"),
            ("pool.size", "2"), ("network.deny", "[203.0.113.66]"));
        _images = new TestImages(_daemon);
        await _daemon.StartAsync();
        _client = await DaemonClient.NewSessionAsync(_daemon);
        await _images.HaveAsync(TestImages.Busybox);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        _images?.Dispose();
        if (_daemon is not null)
        {
            await _daemon.DisposeAsync();

            // The daemon was told to end for good: nothing of it is in the host's namespace.
            Assert.DoesNotContain("sleigh", await _world!.NftAsync(_world.Host, "list", "tables"), StringComparison.Ordinal);
            Assert.DoesNotContain("sleigh-", await _world.ShellAsync(_world.Host, "ip -o link"), StringComparison.Ordinal);
        }

        if (_world is not null)
        {
            await _world.DisposeAsync();
        }
    }
}
