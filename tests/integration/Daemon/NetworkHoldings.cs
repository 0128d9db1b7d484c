using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sleigh.IntegrationTests.Network;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>All that a daemon's network holds on the host, each by the name of the namespace it is there for.</summary>
internal sealed partial class NetworkHoldings
{
    private readonly List<(string Kind, string[] Names)> _ofNamespaces = [];
    private readonly List<(string Kind, string[] Names)> _ofPorts = [];

    // Only those with names in their policy have maps.
    private string[] _strangeMaps = [];

    /// <summary>Namespaces that are written down.</summary>
    public int Count => _ofNamespaces[0].Names.Length;

    /// <summary>What is there once for all sandboxes: tables, chains, sets, maps, counters and the host's links.</summary>
    public string Shared { get; private set; } = "";

    /// <summary>What is there more or less than what is written down; empty: nothing.</summary>
    public string Differences => string.Join("; ", Unlike(_ofNamespaces).Concat(Unlike(_ofPorts)).Concat(_strangeMaps.Select(m => $"a map of {m}, which is not written down")));

    /// <summary>Looks.</summary>
    public static async Task<NetworkHoldings> ReadAsync(TestDaemon daemon, NetworkWorld world)
    {
        string folder = $"{daemon.StateDir}/network";
        string[] files = Names(Directory.GetFiles($"{folder}/namespaces"));
        string[] results = Directory.GetFiles($"{folder}/results");
        string rules = await world.NftAsync($"{folder}/router", "list", "ruleset");
        string links = await world.ShellAsync($"{folder}/router", "ip -o link show type veth");
        NetworkHoldings found = new();
        found._ofNamespaces.AddRange(
        [
            ("files", files),
            ("mounts", Names(File.ReadLines("/proc/self/mountinfo").Select(l => l.Split(' ')[4]).Where(p => p.StartsWith($"{folder}/namespaces/", StringComparison.Ordinal)))),
            ("results", [.. results.Select(r => Path.GetFileName(r).Replace(".json", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal)]),
            ("addresses", [.. AddressFiles(folder).Select(f => File.ReadLines(f).First().Trim()).Order(StringComparer.Ordinal)]),
            ("chains", Matches(Chain(), rules)),
            ("counters", [.. Matches(CounterOf(), rules).Distinct()]),
            ("ways to chains", Matches(Lead(), rules)),
        ]);
        found._ofPorts.AddRange(
        [
            ("ports in results", [.. results.SelectMany(PortsIn).Order(StringComparer.Ordinal)]),
            ("links", [.. Matches(Link(), links).Where(l => l != "uplink")]),
            ("ports of the bridge", Matches(Port(), links)),
            ("ports that a sender is bound to", [.. Matches(Bound(), rules).Distinct()]),
            ("ports of addresses that the bridge was told", Matches(Told(), await world.ShellAsync($"{folder}/router", "bridge fdb show br sandboxes"))),
        ]);
        found._strangeMaps = [.. Matches(MapOf(), rules).Distinct().Except(files)];
        string host = await world.NftAsync(world.Host, "list", "ruleset");
        found.Shared = string.Join('\n', [.. Matches(Named(), rules), "", .. Matches(Named(), host), "", await world.ShellAsync(world.Host, "ip -o link | cut -d: -f2")]);
        return found;
    }

    private static IEnumerable<string> Unlike(List<(string Kind, string[] Names)> all)
    {
        foreach ((string kind, string[] names) in all.Where(a => !a.Names.SequenceEqual(all[0].Names)))
        {
            yield return $"{kind}: {string.Join(' ', names)}, where {all[0].Kind} are {string.Join(' ', all[0].Names)}";
        }
    }

    private static IEnumerable<string> PortsIn(string result) => JsonNode.Parse(File.ReadAllText(result))!["interfaces"]!.AsArray()
        .Select(i => (string)i!["name"]!).Where(n => n.StartsWith("veth", StringComparison.Ordinal));

    private static IEnumerable<string> AddressFiles(string folder) =>
        Directory.GetDirectories($"{folder}/addresses").SelectMany(Directory.GetFiles).Where(f => IPAddress.TryParse(Path.GetFileName(f), out _));

    private static string[] Names(IEnumerable<string> paths) => [.. paths.Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];

    private static string[] Matches(Regex what, string text) => [.. what.Matches(text).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"^\tchain (net_\w+) \{", RegexOptions.Multiline)]
    private static partial Regex Chain();

    [GeneratedRegex(@"^\tcounter (net_[0-9a-f]+)_\w+ \{", RegexOptions.Multiline)]
    private static partial Regex CounterOf();

    [GeneratedRegex(@"^\tmap (net_[0-9a-f]+)_[46]\w* \{", RegexOptions.Multiline)]
    private static partial Regex MapOf();

    [GeneratedRegex(@" dev (veth\w+) master sandboxes static", RegexOptions.Multiline)]
    private static partial Regex Told();

    [GeneratedRegex(@" : goto (net_\w+)")]
    private static partial Regex Lead();

    [GeneratedRegex(@"^\d+: (\w+)[@:]", RegexOptions.Multiline)]
    private static partial Regex Link();

    [GeneratedRegex(@"^\d+: (\w+)[@:].* master sandboxes ", RegexOptions.Multiline)]
    private static partial Regex Port();

    [GeneratedRegex("\"(veth\\w+)\"")]
    private static partial Regex Bound();

    // Not those of a namespace.
    [GeneratedRegex(@"^\t?((?:table|chain|set|map|counter) (?!net_)[\w ]+) \{", RegexOptions.Multiline)]
    private static partial Regex Named();
}
