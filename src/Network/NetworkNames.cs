using System.Net;
using Sleigh.Network.Nft;

namespace Sleigh.Network;

/// <summary>What everything is called, on the host and in the router.</summary>
internal sealed class NetworkNames
{
    /// <summary>The bridge of the sandboxes, in the router.</summary>
    public const string Bridge = "sandboxes";

    /// <summary>The router's end of the way to the host.</summary>
    public const string Uplink = "uplink";

    /// <summary>The interface inside a sandbox.</summary>
    public const string Inside = "eth0";

    /// <summary>What the host's ends of all installations' uplinks begin with.</summary>
    public const string HostUplinks = "sleigh-";

    private readonly string _instance;

    public NetworkNames(string instance) => _instance = instance;

    /// <summary>The host's end of the uplink: 15 characters are the most that the kernel takes (IFNAMSIZ).</summary>
    public string HostUplink => HostUplinks + _instance[..8];

    /// <summary>The table of addresses, on the host and in the router.</summary>
    public NftTable Table => new("inet", $"sleigh_{_instance}");

    /// <summary>The table of the bridge's ports, in the router.</summary>
    public NftTable PortTable => new("bridge", $"sleigh_{_instance}");

    /// <summary>The CNI network.</summary>
    public string Network => $"sleigh-{_instance}";

    /// <summary>
    /// The uplink's four addresses, out of 169.254.64.0/18, which leaves the metadata services of clouds alone: the second half of the link-local
    /// network is where they are.
    /// </summary>
    /// <param name="turn">0 for the first choice, then the next ones.</param>
    public IPNetwork UplinkNetwork(int turn)
    {
        const int Networks = 1 << 12;
        int index = (Convert.ToInt32(_instance[..4], 16) + turn) % Networks;
        return new IPNetwork(new IPAddress([169, 254, (byte)(64 + (index >> 6)), (byte)((index & 63) << 2)]), 30);
    }

    /// <summary>The uplink's IPv6 network.</summary>
    public IPNetwork UplinkNetwork6 => IPNetwork.Parse($"fd6c:7364:6732:{_instance[..4]}::/126");
}
