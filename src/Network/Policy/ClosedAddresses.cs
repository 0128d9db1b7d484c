using System.Net;

namespace Sleigh.Network;

/// <summary>Addresses that no name opens: protected ones, the host's and those in the networks at its interfaces, and the sandboxes' own; but for what the operator has opened.</summary>
/// <param name="Reachable">What the operator has opened.</param>
/// <param name="Host">The host's own addresses.</param>
/// <param name="Near">Networks at the host's interfaces, and the sandboxes' networks.</param>
internal sealed record ClosedAddresses(IReadOnlyList<EgressRule> Reachable, IReadOnlyList<IPAddress> Host, IReadOnlyList<IPNetwork> Near)
{
    /// <summary>Whether an address is one of them.</summary>
    public bool Contains(IPAddress address) =>
        // IPNetwork takes a mapped address for the IPv4 address in it; to the kernel it is another one.
        address.IsIPv4MappedToIPv6
        || (!Reachable.Any(r => r.Network.Contains(address))
            && (ProtectedNetworks.Contains(address) || Host.Contains(address) || Near.Any(n => n.Contains(address))));

    /// <summary>
    /// Why nobody but the operator can open what a rule names, as the end of a sentence that begins with the rule: all of it is closed for being the host's, or near
    /// it. Null: it can be opened, or lies in a protected network, which is so on each host.
    /// </summary>
    public string? Why(EgressRule rule)
    {
        if (Reachable.Any(rule.IsWithin))
        {
            return null;
        }

        IPAddress first = rule.Network.BaseAddress;
        return rule.Network.PrefixLength == first.GetAddressBytes().Length * 8 && Host.Contains(first) ? "is an address of this host"
            : Near.Where(n => n.BaseAddress.AddressFamily == first.AddressFamily && n.PrefixLength <= rule.Network.PrefixLength && n.Contains(first))
                .Select(n => $"lies in {n}, a network at this host").FirstOrDefault();
    }
}
