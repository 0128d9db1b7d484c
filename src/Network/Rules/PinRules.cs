using System.Text.Json.Nodes;
using Sleigh.Network.Nft;
using static Sleigh.Network.Nft.NftExpression;

namespace Sleigh.Network;

/// <summary>
/// The rules of a sandbox that let through what its names have: a map for each family and range of ports, from address to the mark of a name. A connection gets
/// the mark with its first packet and goes on by it, whether the address is still in the map or not, for as long as the name is allowed.
/// </summary>
internal static class PinRules
{
    /// <summary>Makes the maps that are wanted, with what is in them, and takes away those that are not. No rule may use these any more.</summary>
    public static void Replace(NftTransaction all, NftTable table, NamespaceName name, PinSet before, PinSet after, DateTimeOffset now)
    {
        foreach (PinMap map in before.Maps.Except(after.Maps))
        {
            if (!before.IsSure)
            {
                // So that one that is not there is no error.
                Make(all, table, name, map);
            }

            all.DeleteMap(table, map.NameFor(name));
        }

        foreach (PinMap map in after.Maps)
        {
            Make(all, table, name, map);
        }

        Put(all, table, name, after, after.Maps, now);
    }

    /// <summary>Puts what names let through into maps that are there, in the place of what was in them.</summary>
    public static void Put(NftTransaction all, NftTable table, NamespaceName name, PinSet pins, IEnumerable<PinMap> maps, DateTimeOffset now)
    {
        foreach (PinMap map in maps)
        {
            all.FlushMap(table, map.NameFor(name));
            all.AddElements(table, map.NameFor(name), pins.Elements(map, now).Select(Element));
        }
    }

    /// <summary>Adds the rules to a chain.</summary>
    public static void Fill(NftTransaction all, NftTable table, NamespaceName name, PinSet pins)
    {
        if (pins.Rules.Count == 0)
        {
            return;
        }

        string chain = name.ToString();
        all.AddRule(table, chain, Match(Ct("mark"), AnyOf(pins.Rules.Select(r => r.Mark).Distinct().Select(m => (JsonNode)m))), Verdict("accept"));
        foreach (PinMap map in pins.Maps)
        {
            JsonNode Let() => MarkConnection(CtOriginal(map.IsSix ? "ip6 daddr" : "ip daddr"), map.NameFor(name));
            if (map.Ports is not PortRange ports)
            {
                all.AddRule(table, chain, Let(), Verdict("accept"));
                continue;
            }

            // One protocol in each, as for rules without names.
            foreach (string protocol in (string[])["tcp", "udp"])
            {
                all.AddRule(
                    table, chain, Match(Meta("l4proto"), protocol),
                    Match(CtOriginal("proto-dst"), ports.First == ports.Last ? ports.First : Range(ports.First, ports.Last)), Let(), Verdict("accept"));
            }
        }
    }

    /// <summary>Makes a map, if it is not there.</summary>
    public static void Make(NftTransaction all, NftTable table, NamespaceName name, PinMap map) =>
        all.AddMarkMap(table, map.NameFor(name), map.IsSix ? "ipv6_addr" : "ipv4_addr");

    private static JsonNode Element(PinElement pin) => new JsonArray(
        new JsonObject { ["elem"] = new JsonObject { ["val"] = pin.Address.ToString(), ["timeout"] = pin.Seconds, ["comment"] = pin.Comment } }, pin.Marks[0]);
}
