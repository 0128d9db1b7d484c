using System.Net;
using System.Net.Sockets;

namespace Sleigh.Network;

/// <summary>
/// Destinations that are allowed or denied: a network or an address, and with ports only these of TCP and UDP. Written as
/// <c>203.0.113.0/24</c>, <c>203.0.113.7:443</c>, <c>203.0.113.0/24:8000-8100</c>, <c>2001:db8::/32</c>, <c>[2001:db8::/32]:443</c>.
/// </summary>
/// <param name="Network">The destination.</param>
/// <param name="Ports">Only these ports; null: all protocols and ports.</param>
public sealed record EgressRule(IPNetwork Network, PortRange? Ports)
{
    /// <summary>What <see cref="TryParse"/> takes, as the end of a sentence that begins with "must be".</summary>
    public const string Form = "an address or a network such as 203.0.113.0/24, with ports as in 203.0.113.7:443, 203.0.113.0/24:8000-8100 or [2001:db8::/32]:443";

    /// <summary>Reads one. A network whose address has bits set behind the prefix is none.</summary>
    public static bool TryParse(string text, out EgressRule? rule)
    {
        ArgumentNullException.ThrowIfNull(text);
        rule = null;
        string destination = text;
        string? ports = null;
        if (text.StartsWith('['))
        {
            int end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0 || (end + 1 < text.Length && text[end + 1] != ':'))
            {
                return false;
            }

            destination = text[1..end];
            ports = end + 1 < text.Length ? text[(end + 2)..] : null;
            if (!destination.Contains(':', StringComparison.Ordinal))
            {
                return false;
            }
        }
        else if (text.IndexOf(':', StringComparison.Ordinal) is >= 0 and int colon && text.IndexOf(':', colon + 1) < 0)
        {
            (destination, ports) = (text[..colon], text[(colon + 1)..]);
        }

        PortRange range = default;
        if ((ports is not null && !PortRange.TryParse(ports, out range)) || !TryNetwork(destination, out IPNetwork network))
        {
            return false;
        }

        rule = new EgressRule(network, ports is null ? null : range);
        return true;
    }

    /// <summary>Whether all that this rule names is named by another.</summary>
    public bool IsWithin(EgressRule other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.Network.BaseAddress.AddressFamily == Network.BaseAddress.AddressFamily && other.Network.PrefixLength <= Network.PrefixLength
            && other.Network.Contains(Network.BaseAddress)
            && (other.Ports is not PortRange outer || (Ports is PortRange inner && outer.First <= inner.First && inner.Last <= outer.Last));
    }

    /// <summary>As it is written; one address without its prefix length.</summary>
    public override string ToString()
    {
        bool isSix = Network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;
        string destination = Network.PrefixLength == (isSix ? 128 : 32) ? Network.BaseAddress.ToString() : Network.ToString();
        return Ports is not PortRange ports ? destination : isSix ? $"[{destination}]:{ports}" : $"{destination}:{ports}";
    }

    // Only the usual form of an IPv4 address: IPAddress takes 10.1 and 012.0.0.1 too, and means something by them.
    private static bool TryNetwork(string text, out IPNetwork network)
    {
        network = default;
        string address = text.Split('/')[0];
        if (!IPAddress.TryParse(address, out IPAddress? parsed) || parsed.IsIPv4MappedToIPv6 || address.Contains('%', StringComparison.Ordinal)
            || (parsed.AddressFamily == AddressFamily.InterNetwork && parsed.ToString() != address))
        {
            return false;
        }

        if (text.Length == address.Length)
        {
            network = new IPNetwork(parsed, parsed.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32);
            return true;
        }

        // Bits behind the prefix would be cut off in silence.
        return IPNetwork.TryParse(text, out network) && network.BaseAddress.Equals(parsed);
    }
}
