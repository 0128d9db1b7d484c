using Sleigh.IntegrationTests.Daemon;
using Sleigh.IntegrationTests.Network;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>A daemon with the product's default network, where the host has what it takes; its packets leave through a namespace of the tests' own.</summary>
public sealed class ContractFixture : DaemonFixture
{
    private NetworkWorld? _world;

    protected override async Task<TestDaemon> MakeAsync()
    {
        if (!Host.Has(Need.Networking))
        {
            return await base.MakeAsync();
        }

        _world = await NetworkWorld.MakeAsync();
        TestDaemon daemon = new(("network.uplink_namespace", _world.Host), ("network.nameservers", "[198.51.100.2]"));
        daemon.Unset("sandbox.network");
        return daemon;
    }

    protected override ValueTask EndAsync() => _world?.DisposeAsync() ?? ValueTask.CompletedTask;
}
