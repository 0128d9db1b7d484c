using Sleigh.Network;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <content>What a sandbox may reach, while it runs.</content>
internal sealed partial class Sandboxes
{
    /// <inheritdoc/>
    public async Task<SandboxNetworkView> NetworkAsync(SandboxId id, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        return entry.Slot?.Network is SandboxNamespace network
            ? new SandboxNetworkView(
                entry.View, network.Addresses, (await _networks.RefusedAsync(cancellationToken)).GetValueOrDefault(network.Name), _networks.NamesOf(network.Name))
            : new SandboxNetworkView(entry.View, null, default, default);
    }

    private static string WhyNoPolicy(NetworkMode mode) => mode == NetworkMode.Host
        ? "host, where nothing holds back what it sends, and a container cannot change its network"
        : "none, so there is nothing to open";

    // Settings that changed between the making of its policy and the moment from which a reload finds the sandbox.
    private void RenewIfChanged(SandboxEntry entry, ClaimedSlot claimed)
    {
        if (claimed.Policy is SleighOptions made && !ReferenceEquals(made, _options.Now))
        {
            _background.Run($"put the policy of {entry.Id} in force", () => RenewEgressAsync(entry));
        }
    }

    /// <summary>
    /// Puts the policy of a sandbox in force again, since the operator's part of it may be another. Where that fails it is due
    /// (<see cref="RenewDueEgress"/>).
    /// </summary>
    /// <exception cref="IOException">nft refused, or the network cannot be opened.</exception>
    internal async Task RenewEgressAsync(SandboxEntry entry)
    {
        entry.IsPolicyDue = true;

        // As a change of it: neither may put back what the other has just replaced, and one that is being started is waited for.
        await entry.Starting.WaitAsync();
        try
        {
            if (!entry.IsDeleted && entry.Slot is { Mode: NetworkMode.Bridge } slot)
            {
                // Not there where the network could not be opened when the slot was taken over.
                slot.Network ??= await _networks.TryFindLaterAsync(_records.FindNetwork(slot.Id), CancellationToken.None);
                if (slot.Network is SandboxNamespace network)
                {
                    // Of many sandboxes a reload changes few: each that is written costs a run of nft.
                    await _networks.RenewAsync(network, entry.Record.Sandbox.Egress, CancellationToken.None);
                }
            }

            entry.IsPolicyDue = false;
        }
        finally
        {
            entry.Starting.Release();
        }
    }

    /// <summary>Tries again where a policy could not be put in force.</summary>
    internal void RenewDueEgress()
    {
        if (_networks.Unavailable is null)
        {
            foreach (SandboxEntry entry in _table.All.Where(e => e.IsPolicyDue && !e.IsDeleted))
            {
                _background.Run($"put the policy of {entry.Id} in force", () => RenewEgressAsync(entry));
            }
        }
    }

    /// <inheritdoc/>
    public async Task SetEgressAsync(SandboxId id, EgressPolicy policy, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        if (entry.Record.Sandbox.Network != NetworkMode.Bridge)
        {
            throw RuntimeException.Invalid("mode", $"bad request: sandbox {id} was made with network {WhyNoPolicy(entry.Record.Sandbox.Network)}; make one with network bridge");
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
                if (entry.Slot is Slot { Mode: NetworkMode.Bridge, IsProcessAlive: true } slot)
                {
                    // Not there where the network could not be opened at the start, and the sandbox went on.
                    slot.Network ??= await _networks.FindLaterAsync(_records.FindNetwork(slot.Id), CancellationToken.None);
                    await _networks.ReplaceAsync(slot.Network, policy, CancellationToken.None);
                }
            }
            catch (IOException)
            {
                // nft may have been ended after it had put the policy in force: the one of before is put there again.
                entry.IsPolicyDue = true;
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
