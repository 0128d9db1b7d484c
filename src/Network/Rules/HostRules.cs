using System.Net;
using System.Text.Json.Nodes;
using Sleigh.Network.Nft;
using static Sleigh.Network.Nft.NftExpression;
using static Sleigh.Network.RuleWords;

namespace Sleigh.Network;

/// <summary>
/// The one table on the host. It names the uplink alone: what comes from it does not reach the host itself, by whatever address; nobody opens a
/// connection into it; and what leaves the host gets the host's address.
/// </summary>
internal static class HostRules
{
    /// <summary>Puts all of it in place, whatever was there before.</summary>
    public static NftTransaction All(NetworkNames names, IPNetwork uplink, IPNetwork? uplink6, IReadOnlyList<EgressRule> reachable)
    {
        NftTransaction all = new();
        NftTable table = names.Table;
        string device = names.HostUplink;
        all.AddTable(table);
        all.AddBaseChain(table, "input", "filter", "input", -10, "accept");
        all.AddBaseChain(table, "forward", "filter", "forward", -10, "accept");
        all.AddBaseChain(table, "postrouting", "nat", "postrouting", 100, "accept");
        all.AddCounter(table, "to_host");
        foreach (string chain in (string[])["input", "forward", "postrouting"])
        {
            all.FlushChain(table, chain);
        }

        all.AddRule(table, "input", From(device), Neighbours(), Verdict("accept"));
        foreach (JsonNode[] destination in PacketDestinations(reachable))
        {
            all.AddRule(table, "input", [From(device), .. destination, Verdict("accept")]);
        }

        all.AddRule(table, "input", From(device), Counter("to_host"), Verdict("drop"));
        all.AddRule(table, "forward", To(device), MatchState("established", "related"), Verdict("accept"));
        all.AddRule(table, "forward", To(device), Verdict("drop"));
        Masquerade("ip", uplink);
        if (uplink6 is IPNetwork six)
        {
            Masquerade("ip6", six);
        }

        return all;

        void Masquerade(string protocol, IPNetwork network) => all.AddRule(
            table, "postrouting",
            Match(Field(protocol, "saddr"), new JsonObject { ["prefix"] = new JsonObject { ["addr"] = network.BaseAddress.ToString(), ["len"] = network.PrefixLength } }),
            Match(Meta("oifname"), device, "!="), Verdict("masquerade"));
    }
}
