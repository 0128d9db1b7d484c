using System.Net;

namespace Sleigh.Network;

/// <summary>Destinations that no sandbox reaches unless the operator opens them: what is not the public Internet (RFC 6890 and the registries it names).</summary>
public static class ProtectedNetworks
{
    /// <summary>
    /// This host, private networks, shared addresses of providers (RFC 6598), loopback, link-local with the metadata services of clouds, protocol
    /// assignments, benchmarks, multicast, and what is reserved. Also 168.63.129.16, a public address at which Azure's hosts serve their machines,
    /// credentials among what they serve ("What is IP address 168.63.129.16?" of Azure's documentation).
    /// </summary>
    public static IReadOnlyList<IPNetwork> Four { get; } =
    [
        .. ((string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16",
            "168.63.129.16/32", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
        ]).Select(IPNetwork.Parse),
    ];

    /// <summary>
    /// Unspecified and loopback, all forms that carry an IPv4 address (mapped, NAT64 of RFC 6052 and RFC 8215, 6to4, Teredo), unique local
    /// addresses, link-local, site-local, multicast.
    /// </summary>
    public static IReadOnlyList<IPNetwork> Six { get; } =
    [
        .. ((string[])
        [
            "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        ]).Select(IPNetwork.Parse),
    ];

    /// <summary>Whether an address is in one of them.</summary>
    public static bool Contains(IPAddress address) => Four.Concat(Six).Any(n => n.Contains(address));

    /// <summary>The protected network that all of another lies in; null: some of it is public.</summary>
    public static IPNetwork? Containing(IPNetwork network)
    {
        foreach (IPNetwork one in Four.Concat(Six))
        {
            if (one.BaseAddress.AddressFamily == network.BaseAddress.AddressFamily && one.PrefixLength <= network.PrefixLength
                && one.Contains(network.BaseAddress))
            {
                return one;
            }
        }

        return null;
    }
}
