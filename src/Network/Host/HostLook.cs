using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sleigh.Network;

/// <summary>An interface of a namespace.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Mtu">Its largest packet.</param>
/// <param name="Addresses">Its addresses.</param>
/// <param name="Networks">The networks that lie at it, whose addresses are its neighbours'.</param>
internal sealed record HostInterface(string Name, int Mtu, IReadOnlyList<IPAddress> Addresses, IReadOnlyList<IPNetwork> Networks);

/// <summary>What <c>ip</c> tells of a namespace's interfaces and ways out.</summary>
/// <param name="Interfaces">Interfaces.</param>
/// <param name="Ways4">Interfaces with a default route for IPv4.</param>
/// <param name="Ways6">The same for IPv6.</param>
internal sealed record HostLook(IReadOnlyList<HostInterface> Interfaces, IReadOnlyList<string> Ways4, IReadOnlyList<string> Ways6)
{
    private const int UsualMtu = 1500;
    private const int WidestSegment = 8;

    /// <summary>All addresses but those of one interface.</summary>
    public IReadOnlyList<IPAddress> AddressesBut(string name) => [.. Interfaces.Where(i => i.Name != name).SelectMany(i => i.Addresses).Distinct()];

    /// <summary>Networks that lie at any interface.</summary>
    public IReadOnlyList<IPNetwork> Networks => [.. Interfaces.SelectMany(i => i.Networks).Distinct()];

    /// <summary>The largest packet that passes all ways out.</summary>
    public int Mtu
    {
        get
        {
            int[] sizes = [.. Interfaces.Where(i => Ways4.Contains(i.Name) || Ways6.Contains(i.Name)).Select(i => i.Mtu)];
            return sizes.Length == 0 ? UsualMtu : sizes.Min();
        }
    }

    /// <summary>Looks.</summary>
    /// <exception cref="IOException">ip is not there, failed, or wrote what cannot be read.</exception>
    public static async Task<HostLook> TakeAsync(NetworkPlace place, CancellationToken cancellationToken)
    {
        string addresses = await place.RunAsync("ip", ["-j", "address", "show"], "", cancellationToken);
        string routes4 = await place.RunAsync("ip", ["-j", "-4", "route", "show", "default"], "", cancellationToken);
        string routes6 = await place.RunAsync("ip", ["-j", "-6", "route", "show", "default"], "", cancellationToken);
        try
        {
            return Parse(addresses, routes4, routes6);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>The interfaces that packets to these IPv4 networks leave by.</summary>
    /// <exception cref="IOException">ip is not there.</exception>
    public static async Task<IReadOnlyList<string>> WaysToAsync(NetworkPlace place, IEnumerable<IPNetwork> networks, CancellationToken cancellationToken)
    {
        List<string> ways = [];
        foreach (IPNetwork network in networks.Where(n => n.BaseAddress.AddressFamily == AddressFamily.InterNetwork).Distinct())
        {
            try
            {
                ways.AddRange(Ways(await place.RunAsync("ip", ["-j", "route", "get", network.BaseAddress.ToString()], "", cancellationToken)));
            }
            catch (Exception e) when (e is IOException or FormatException or InvalidOperationException)
            {
                // There is no way to it now.
            }
        }

        return [.. ways.Where(w => w != "lo").Distinct()];
    }

    /// <summary>Reads what ip wrote (ip-address(8), ip-route(8), with -json).</summary>
    /// <exception cref="FormatException">It is no such text; the error quotes it.</exception>
    internal static HostLook Parse(string addresses, string routes4, string routes6) =>
        new([.. Items(addresses).Select(i => Interface(i, addresses))], Ways(routes4), Ways(routes6));

    private static HostInterface Interface(JsonObject item, string whole) => new(
        item["ifname"]?.GetValue<string>() ?? throw new FormatException($"an interface without ifname in '{whole}'"),
        item["mtu"]?.GetValue<int>() ?? UsualMtu,
        [
            .. (item["addr_info"] as JsonArray ?? []).OfType<JsonObject>().Select(a => a["local"]?.GetValue<string>())
                .Select(a => IPAddress.TryParse(a, out IPAddress? address) ? address : null).OfType<IPAddress>(),
        ],
        [.. (item["addr_info"] as JsonArray ?? []).OfType<JsonObject>().Select(NetworkOf).OfType<IPNetwork>()]);

    // At a link with two ends the network is the other one's. Where a host's address is said to have half the world for a neighbour, that is no segment.
    private static IPNetwork? NetworkOf(JsonObject item) =>
        item["prefixlen"]?.GetValue<int>() is int length && IPAddress.TryParse((item["address"] ?? item["local"])?.GetValue<string>(), out IPAddress? address)
        && (address.AddressFamily == AddressFamily.InterNetworkV6 ? length is > 0 and < 128 : length is >= WidestSegment and < 32)
            ? new IPNetwork(First(address, length), length)
            : null;

    private static IPAddress First(IPAddress address, int length)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }

    private static string[] Ways(string routes) => [.. Items(routes).Select(r => r["dev"]?.GetValue<string>()).OfType<string>().Distinct()];

    private static IEnumerable<JsonObject> Items(string text)
    {
        try
        {
            // Nothing at all is an empty list, too: so ip writes it for routes.
            return string.IsNullOrWhiteSpace(text) ? [] : (JsonNode.Parse(text) as JsonArray ?? throw new FormatException($"not a list of ip: '{text}'")).OfType<JsonObject>();
        }
        catch (JsonException e)
        {
            throw new FormatException($"not a list of ip: '{text}'", e);
        }
    }
}
