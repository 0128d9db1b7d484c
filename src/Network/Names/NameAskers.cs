using System.Collections.Concurrent;
using System.Net;

namespace Sleigh.Network;

/// <summary>The sandboxes that may ask for names, by the address they ask from, which no other sandbox can use.</summary>
internal sealed class NameAskers
{
    private readonly ConcurrentDictionary<IPAddress, NameAsker> _askers = new();

    /// <summary>Notes the policy of a sandbox.</summary>
    public void Put(SandboxNamespace on, EgressPolicy policy)
    {
        NameAsker asker = _askers.AddOrUpdate(
            on.Addresses.Four, _ => new NameAsker(on.Name, policy), (_, old) => old.Name == on.Name ? old : new NameAsker(on.Name, policy));
        asker.Policy = policy;
    }

    /// <summary>Who asks from an address; null: nobody of whom anything is known yet.</summary>
    public NameAsker? Find(IPAddress address) => _askers.GetValueOrDefault(address);

    /// <summary>Who asks from a namespace.</summary>
    public NameAsker? Find(NamespaceName name) => _askers.Values.FirstOrDefault(a => a.Name == name);

    /// <summary>Forgets a namespace.</summary>
    public void Remove(NamespaceName name)
    {
        foreach (KeyValuePair<IPAddress, NameAsker> asker in _askers.Where(a => a.Value.Name == name))
        {
            _askers.TryRemove(asker);
        }
    }
}
