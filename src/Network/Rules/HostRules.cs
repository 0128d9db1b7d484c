using System.Net;
using System.Text.Json.Nodes;
using Sleigh.Network.Nft;
using static Sleigh.Network.Nft.NftExpression;
using static Sleigh.Network.RuleWords;

namespace Sleigh.Network;

/// <summary>
/// The one table on the host. What comes from the uplink does not reach the host itself, by whatever address, nor what the host hands on to others by
/// translating one of its addresses; nobody opens a connection into it; what leaves the host gets the host's address; and interfaces
/// that forward for the sandboxes' sake alone forward to the uplink alone.
/// </summary>
internal static class HostRules
{
    /// <summary>Puts all of it in place, whatever was there before.</summary>
    /// <param name="names">Names.</param>
    /// <param name="uplink">The uplink's addresses.</param>
    /// <param name="uplink6">Its IPv6 addresses; null: none.</param>
    /// <param name="reachable">Protected destinations that are open all the same.</param>
    /// <param name="onlyForSandboxes">Interfaces of the host that forward IPv4 for the sandboxes' sake alone.</param>
    public static NftTransaction All(
        NetworkNames names, IPNetwork uplink, IPNetwork? uplink6, IReadOnlyList<EgressRule> reachable, IReadOnlyList<string> onlyForSandboxes)
    {
        NftTransaction all = new();
        NftTable table = names.Table;
        string device = names.HostUplink;
        all.AddTable(table);
        all.AddBaseChain(table, "input", "filter", "input", -10, "accept");
        all.AddBaseChain(table, "forward", "filter", "forward", -10, "accept");
        all.AddBaseChain(table, "postrouting", "nat", "postrouting", 100, "accept");
        all.AddCounter(table, "to_host");
        all.AddCounter(table, "not_forwarded");
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

        // A destination of the host's that it translates to another machine's or container's address does not come to the input hook.
        foreach (JsonNode[] destination in Destinations(reachable))
        {
            all.AddRule(table, "forward", [From(device), .. destination, Verdict("accept")]);
        }

        all.AddRule(table, "forward", From(device), Match(Ct("status"), "dnat", "in"), Counter("to_host"), Verdict("drop"));
        string[] closed = [.. onlyForSandboxes.Where(i => i != device)];
        if (closed.Length > 0)
        {
            all.AddRule(
                table, "forward", Match(Meta("nfproto"), "ipv4"), Match(Meta("iifname"), AnyOf(closed)), Match(Meta("oifname"), device, "!="),
                Counter("not_forwarded"), Verdict("drop"));
        }

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
