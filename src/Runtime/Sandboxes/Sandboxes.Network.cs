using Sleigh.Network;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <content>What a sandbox may reach, while it runs.</content>
internal sealed partial class Sandboxes
{
    /// <inheritdoc/>
    public async Task<SandboxNetworkView> NetworkAsync(SandboxId id, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        return entry.Slot?.Network is SandboxNamespace network
            ? new SandboxNetworkView(entry.View, network.Addresses, (await _networks.RefusedAsync(cancellationToken)).GetValueOrDefault(network.Name))
            : new SandboxNetworkView(entry.View, null, 0);
    }

    /// <inheritdoc/>
    public async Task SetEgressAsync(SandboxId id, EgressPolicy policy, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        if (entry.Record.Sandbox.Egress is null)
        {
            throw RuntimeException.Invalid("mode", $"bad request: sandbox {id} was made with network none, so there is nothing to open; make one with network bridge");
        }

        // Neither a rollback nor a start may take a slot with the policy of before.
        using IDisposable turn = await entry.Turns.EnterAsync(id, "network", cancellationToken);
        await entry.Starting.WaitAsync(cancellationToken);
        try
        {
            if (entry.IsDeleted)
            {
                throw RuntimeException.NoSandbox(id);
            }

            // Recorded first: what a death leaves undone, the next start does.
            EgressPolicy? before = entry.Record.Sandbox.Egress;
            Put(policy);
            try
            {
                if (entry.Slot?.Network is SandboxNamespace network)
                {
                    await _networks.ReplaceAsync(network, policy, CancellationToken.None);
                }
            }
            catch (IOException)
            {
                Put(before);
                throw;
            }
        }
        finally
        {
            entry.Starting.Release();
        }

        void Put(EgressPolicy? next) =>
            entry.Change(r => r with { Sandbox = r.Sandbox with { Egress = next } }, r => _records.PutSandbox(r, SandboxState.Live));
    }
}
