using Sleigh.Network;

namespace Sleigh.IntegrationTests.Network;

/// <summary>Reads what was refused to one namespace.</summary>
internal sealed class NetworkPolicyProbe(SandboxNetwork network, SandboxNamespace sandbox)
{
    public async Task<long> RefusedAsync() => (await network.RefusedAsync(CancellationToken.None))[sandbox.Name].Total;
}
