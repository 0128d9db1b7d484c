using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Sleigh.Network.Nft;
using static Sleigh.Network.Nft.NftExpression;
using static Sleigh.Network.RuleWords;

namespace Sleigh.Network;

/// <summary>
/// The router's rules that are the same for all sandboxes. What is not let through is dropped: an address that belongs to no chain, a frame whose
/// port, hardware and network address do not belong together, and every frame from one sandbox to another.
/// </summary>
internal static class RouterRules
{
    /// <summary>The map from a sandbox's IPv4 address to its chain.</summary>
    public const string Chains4 = "chains4";

    /// <summary>The map from a sandbox's IPv6 address to its chain.</summary>
    public const string Chains6 = "chains6";

    /// <summary>Port, hardware address and IPv4 address of the sandboxes.</summary>
    public const string Bound4 = "bound4";

    /// <summary>The same with the IPv6 address.</summary>
    public const string Bound6 = "bound6";

    /// <summary>Port and hardware address of the sandboxes.</summary>
    public const string Bound = "bound";

    /// <summary>Where refused packets go.</summary>
    public const string Refused = "refused";

    /// <summary>Marks a connection to a protected destination.</summary>
    public const string Guard = "guard";

    /// <summary>The mark that <see cref="Guard"/> leaves.</summary>
    public const int ProtectedMark = 1;

    /// <summary>Counts frames with a false sender, and those of protocols between bridges.</summary>
    public const string Spoofed = "spoofed";

    private const string Opened4 = "opened4";
    private const string Opened6 = "opened6";
    private const string Asked4 = "asked4";
    private const string Protected4 = "protected4";
    private const string Protected6 = "protected6";
    private const string Host4 = "host4";
    private const string Host6 = "host6";
    private const string Near4 = "near4";
    private const string Near6 = "near6";

    // A lost question costs its asker seconds (glibc asks again after five), so a burst of some hundred names, two questions each, has to fit.
    private const int QuestionsPerSecond = 500;
    private const int QuestionsAtOnce = 1000;

    /// <summary>
    /// The sets that count the open connections of each address, and its questions for names. In nft's own language: in its JSON, version 1.0.6 does not know the
    /// flag. Once they are there nothing is done.
    /// </summary>
    public static string OpenedSets(NftTable table) =>
        $"add table {table.Family} {table.Name}\n"
        + $"add set {table.Family} {table.Name} {Opened4} {{ type ipv4_addr; size 65535; flags dynamic; }}\n"
        + $"add set {table.Family} {table.Name} {Opened6} {{ type ipv6_addr; size 65535; flags dynamic; }}\n"
        + $"add set {table.Family} {table.Name} {Asked4} {{ type ipv4_addr; size 65535; flags dynamic, timeout; timeout 1m; }}\n";

    /// <summary>Packets that open a connection beyond this number, of any one address; one list of matches for each family. It counts those that do not.</summary>
    public static IEnumerable<JsonNode[]> MoreThan(int connections) =>
    [
        [MatchState("new"), OverInSet(Field("ip", "saddr"), Opened4, connections)],
        [MatchState("new"), OverInSet(Field("ip6", "saddr"), Opened6, connections)],
    ];

    /// <summary>
    /// Forgets what was counted of addresses: whoever gets one next begins with nothing. Connections of before may be known still, for as long as the kernel waits for
    /// their packets (five days for TCP), and would count as his.
    /// </summary>
    public static void Uncount(NftTransaction all, NftTable table, string? four, string? six)
    {
        foreach ((string? address, string set) in ((string?, string)[])[(four, Opened4), (four, Asked4), (six, Opened6)])
        {
            if (address is not null)
            {
                // Added first, so that one that is not there is no error.
                all.AddElements(table, set, [address]);
                all.DeleteElements(table, set, [address]);
            }
        }
    }

    /// <summary>Puts all of it in place, whatever was there before; sandboxes' own chains and addresses are not touched.</summary>
    /// <param name="names">Names.</param>
    /// <param name="reachable">Protected destinations that are open all the same.</param>
    /// <param name="host">The host's own addresses.</param>
    /// <param name="near">Networks at the host's interfaces.</param>
    /// <param name="connections">The most connections of a sandbox; null: any number. They are counted anew from here on.</param>
    public static NftTransaction Base(
        NetworkNames names, IReadOnlyList<EgressRule> reachable, IReadOnlyCollection<IPAddress> host, IReadOnlyCollection<IPNetwork> near, int? connections)
    {
        NftTransaction all = new();
        Addresses(all, names.Table, reachable, host, near, connections);
        Ports(all, names.PortTable);
        return all;
    }

    /// <summary>Takes over other addresses of the host, and other networks at its interfaces.</summary>
    public static void PutHost(NftTransaction all, NftTable table, IReadOnlyCollection<IPAddress> host, IReadOnlyCollection<IPNetwork> near)
    {
        foreach ((string set, string networks, AddressFamily family) in
            ((string, string, AddressFamily)[])[(Host4, Near4, AddressFamily.InterNetwork), (Host6, Near6, AddressFamily.InterNetworkV6)])
        {
            all.FlushSet(table, networks);
            AddNetworks(all, table, networks, near.Where(n => n.BaseAddress.AddressFamily == family));
            all.FlushSet(table, set);
            all.AddElements(table, set, host.Where(a => a.AddressFamily == family).Select(a => a.ToString()).Distinct().Select(a => (JsonNode)a));
        }
    }

    private static void Addresses(
        NftTransaction all, NftTable table, IReadOnlyList<EgressRule> reachable, IReadOnlyCollection<IPAddress> host, IReadOnlyCollection<IPNetwork> near,
        int? connections)
    {
        all.AddTable(table);
        all.AddBaseChain(table, "input", "filter", "input", 0, "drop");
        all.AddBaseChain(table, "forward", "filter", "forward", 0, "drop");
        all.AddBaseChain(table, "postrouting", "nat", "postrouting", 100, "accept");
        all.AddChain(table, Guard);
        all.AddChain(table, Refused);
        all.AddVerdictMap(table, Chains4, "ipv4_addr");
        all.AddVerdictMap(table, Chains6, "ipv6_addr");
        all.AddSet(table, Protected4, "ipv4_addr", isInterval: true);
        all.AddSet(table, Protected6, "ipv6_addr", isInterval: true);
        all.AddSet(table, Host4, "ipv4_addr", isInterval: false);
        all.AddSet(table, Host6, "ipv6_addr", isInterval: false);
        all.AddSet(table, Near4, "ipv4_addr", isInterval: true);
        all.AddSet(table, Near6, "ipv6_addr", isInterval: true);
        all.FlushSet(table, Protected4);
        all.FlushSet(table, Protected6);
        AddNetworks(all, table, Protected4, ProtectedNetworks.Four);
        AddNetworks(all, table, Protected6, ProtectedNetworks.Six);
        PutHost(all, table, host, near);

        // A set's element keeps the number it was made with, so another one comes into force only by counting anew.
        all.FlushSet(table, Opened4);
        all.FlushSet(table, Opened6);
        foreach (string chain in (string[])["input", "forward", "postrouting", Guard, Refused])
        {
            all.FlushChain(table, chain);
        }

        all.AddRule(table, "input", From("lo"), Verdict("accept"));

        // Before those of connections that are known: one of UDP, once answered, is. Each datagram is a question, and each connection, which has a few places only.
        // Dropped as a question is that finds no place, and counted as little; the resolver of IPv6 is nobody.
        foreach (JsonNode[] question in (JsonNode[][])[[Match(Field("udp", "dport"), 53)], [Match(Field("tcp", "dport"), 53), MatchState("new")]])
        {
            all.AddRule(
                table, "input", [From(NetworkNames.Bridge), .. question, OverRate(Field("ip", "saddr"), Asked4, QuestionsPerSecond, QuestionsAtOnce), Verdict("drop")]);
        }

        // By name: a frame to a link-local address comes in by the port itself, past the rules for ports.
        all.AddRule(table, "input", FromBoth(), MatchState("established", "related"), Verdict("accept"));
        all.AddRule(table, "input", FromBoth(), Neighbours(), Verdict("accept"));
        foreach (string protocol in (string[])["udp", "tcp"])
        {
            foreach (JsonNode[] more in connections is int most ? MoreThan(most) : [])
            {
                all.AddRule(table, "input", [From(NetworkNames.Bridge), Match(Field(protocol, "dport"), 53), .. more, Goto(Refused)]);
            }

            // Names; who may ask is the resolver's to say.
            all.AddRule(table, "input", From(NetworkNames.Bridge), Match(Field(protocol, "dport"), 53), Verdict("accept"));
        }

        all.AddRule(table, "input", From(NetworkNames.Bridge), Reject("icmpx", "admin-prohibited"));

        all.AddRule(table, "forward", MatchState("invalid", "untracked"), Verdict("drop"));
        all.AddRule(table, "forward", From(NetworkNames.Bridge), VerdictMap(Field("ip", "saddr"), Chains4));
        all.AddRule(table, "forward", From(NetworkNames.Bridge), VerdictMap(Field("ip6", "saddr"), Chains6));
        all.AddRule(table, "forward", From(NetworkNames.Uplink), Answers(), VerdictMap(Field("ip", "daddr"), Chains4));
        all.AddRule(table, "forward", From(NetworkNames.Uplink), Answers(), VerdictMap(Field("ip6", "daddr"), Chains6));

        all.AddRule(table, "postrouting", To(NetworkNames.Uplink), Verdict("masquerade"));

        all.AddRule(table, Guard, SetMark(0));
        foreach (JsonNode[] destination in Destinations(reachable))
        {
            all.AddRule(table, Guard, [.. destination, Verdict("return")]);
        }

        foreach ((string field, string set) in ((string, string)[])[("ip daddr", Protected4), ("ip daddr", Host4), ("ip daddr", Near4), ("ip6 daddr", Protected6), ("ip6 daddr", Host6), ("ip6 daddr", Near6)])
        {
            all.AddRule(table, Guard, Match(CtOriginal(field), "@" + set), SetMark(ProtectedMark));
        }

        all.AddRule(table, Refused, Match(Ct("direction"), "reply"), Verdict("drop"));
        all.AddRule(table, Refused, Reject("icmpx", "admin-prohibited"));
    }

    // One statement each time: a node of JSON has one parent.
    private static JsonNode Answers() => Match(Ct("direction"), "reply");

    private static JsonNode FromBoth() => Match(Meta("iifname"), AnyOf(NetworkNames.Bridge, NetworkNames.Uplink));

    private static void Ports(NftTransaction all, NftTable table)
    {
        all.AddTable(table);
        all.AddBaseChain(table, "prerouting", "filter", "prerouting", -300, "drop");
        all.AddBaseChain(table, "forward", "filter", "forward", -300, "drop");
        all.AddBaseChain(table, "input", "filter", "input", -300, "accept");
        all.AddCounter(table, Spoofed);
        all.AddSet(table, Bound, new JsonArray("ifname", "ether_addr"), isInterval: false);
        all.AddSet(table, Bound4, new JsonArray("ifname", "ether_addr", "ipv4_addr"), isInterval: false);
        all.AddSet(table, Bound6, new JsonArray("ifname", "ether_addr", "ipv6_addr"), isInterval: false);
        all.FlushChain(table, "prerouting");
        all.FlushChain(table, "forward");
        all.FlushChain(table, "input");

        // Of protocols between bridges none is spoken here. Those that do not come to prerouting come to input.
        foreach (string chain in (string[])["prerouting", "input"])
        {
            all.AddRule(table, chain, Match(Field("ether", "daddr"), Range("01:80:c2:00:00:00", "01:80:c2:00:00:0f")), Counter(Spoofed), Verdict("drop"));
        }

        Rule("arp", Sender(Field("arp", "saddr ip")), Bound4);
        Rule("ip", Sender(Field("ip", "saddr")), Bound4);
        Rule("ip6", Sender(Field("ip6", "saddr")), Bound6);

        // Neighbour discovery speaks from the link-local address too, and asks from none whether an address is free (RFC 4861, RFC 4862).
        all.AddRule(
            table, "prerouting", Match(Concat(Meta("iifname"), Field("ether", "saddr")), "@" + Bound),
            Match(Field("ip6", "saddr"), AnyOf([new JsonObject { ["prefix"] = new JsonObject { ["addr"] = "fe80::", ["len"] = 10 } }, "::"])),
            Neighbours(), Verdict("accept"));
        all.AddRule(table, "prerouting", Counter(Spoofed), Verdict("drop"));

        void Rule(string type, JsonNode sender, string set) => all.AddRule(
            table, "prerouting", Match(Field("ether", "type"), type), Match(sender, "@" + set), Verdict("accept"));
    }

    private static JsonNode Sender(JsonNode address) => Concat(Meta("iifname"), Field("ether", "saddr"), address);
}
