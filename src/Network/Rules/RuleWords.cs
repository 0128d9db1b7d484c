using System.Net;
using System.Text.Json.Nodes;
using Sleigh.Network.Nft;
using static Sleigh.Network.Nft.NftExpression;

namespace Sleigh.Network;

/// <summary>Matches that several rulesets share.</summary>
internal static class RuleWords
{
    /// <summary>Matches of an egress rule list against what a connection was opened to: one match list for each family, protocol and port range.</summary>
    public static IEnumerable<JsonNode[]> Destinations(IReadOnlyList<EgressRule> rules) =>
        Lists(rules, six => CtOriginal(six ? "ip6 daddr" : "ip daddr"), () => CtOriginal("proto-dst"));

    /// <summary>The same against the packet itself, where connections are not looked at.</summary>
    public static IEnumerable<JsonNode[]> PacketDestinations(IReadOnlyList<EgressRule> rules) =>
        Lists(rules, six => Field(six ? "ip6" : "ip", "daddr"), () => Field("th", "dport"));

    private static IEnumerable<JsonNode[]> Lists(IReadOnlyList<EgressRule> rules, Func<bool, JsonNode> address, Func<JsonNode> port)
    {
        foreach (IGrouping<PortRange?, EgressRule> group in rules.GroupBy(r => r.Ports))
        {
            foreach (IGrouping<bool, AddressRange> family in AddressRange.Merge(group.Select(r => r.Network)).GroupBy(r => r.IsSix))
            {
                if (group.Key is not PortRange ports)
                {
                    yield return [Match(address(family.Key), AnyOf(Elements(family)))];
                    continue;
                }

                // One protocol in each: nft 1.0.6 takes ports of a connection only behind a match of one protocol.
                foreach (string protocol in (string[])["tcp", "udp"])
                {
                    yield return [Match(address(family.Key), AnyOf(Elements(family))), Match(Meta("l4proto"), protocol), Match(port(), Ports(ports))];
                }
            }
        }
    }

    public static JsonNode From(string device) => Match(Meta("iifname"), device);

    public static JsonNode To(string device) => Match(Meta("oifname"), device);

    public static JsonNode Neighbours() => Match(
        Field("icmpv6", "type"), AnyOf("nd-neighbor-solicit", "nd-neighbor-advert"));

    public static void AddNetworks(NftTransaction transaction, NftTable table, string set, IEnumerable<IPNetwork> networks) =>
        transaction.AddElements(table, set, Elements(AddressRange.Merge(networks)));

    private static JsonNode Ports(PortRange ports) => ports.First == ports.Last ? ports.First : Range(ports.First, ports.Last);
}
