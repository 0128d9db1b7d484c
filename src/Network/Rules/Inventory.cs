using System.Net;
using System.Text.Json.Nodes;
using Sleigh.Network.Nft;
using static Sleigh.Network.Nft.NftExpression;

namespace Sleigh.Network;

/// <summary>What the router's tables hold of sandboxes.</summary>
internal sealed class Inventory
{
    private readonly List<(string Map, JsonNode Key, string Chain)> _leads = [];
    private readonly List<(string Set, string Port, JsonArray Parts)> _bound = [];

    private readonly List<(NamespaceName Name, PinMap Map)> _pinMaps = [];
    private readonly List<(NamespaceName Name, IPAddress Address, uint Mark, TimeSpan Left)> _pins = [];

    /// <summary>Chains named after a namespace.</summary>
    public HashSet<string> Chains { get; } = [];

    /// <summary>Counters of namespaces (<see cref="CounterName"/>).</summary>
    public HashSet<string> Counters { get; } = [];

    /// <summary>Ports that a sender is bound to.</summary>
    public IReadOnlySet<string> Ports => _bound.Select(b => b.Port).ToHashSet();

    /// <summary>All namespaces that something is named after.</summary>
    public IEnumerable<NamespaceName> Names =>
        Chains.Concat(_leads.Select(l => l.Chain)).Where(n => NamespaceName.TryParse(n, out _)).Select(NamespaceName.Parse).Concat(Counters.Select(Owner))
            .Concat(_pinMaps.Select(m => m.Name)).Distinct();

    /// <summary>Namespaces with maps of addresses that names have let through.</summary>
    public IEnumerable<NamespaceName> Pinned => _pinMaps.Select(m => m.Name).Distinct();

    /// <summary>Looks.</summary>
    /// <exception cref="IOException">nft is not there or failed.</exception>
    public static async Task<Inventory> TakeAsync(NftCommand nft, NetworkNames names, CancellationToken cancellationToken)
    {
        Inventory found = new();
        foreach (JsonObject chain in await nft.ListAsync(names.Table, "chain", cancellationToken))
        {
            Note(chain, found.Chains, n => NamespaceName.TryParse(n, out _));
        }

        foreach (JsonObject counter in await nft.ListAsync(names.Table, "counter", cancellationToken))
        {
            Note(counter, found.Counters, n => CounterName.TryParse(n, out _, out _));
        }

        foreach (JsonObject map in await nft.ListAsync(names.Table, "map", cancellationToken))
        {
            found.ReadMap(map);
        }

        foreach (JsonObject set in await nft.ListAsync(names.PortTable, "set", cancellationToken))
        {
            found.ReadSet(set);
        }

        return found;
    }

    /// <summary>The elements of a map that lead to a chain, as they are taken out.</summary>
    public IEnumerable<JsonNode> LeadingTo(string map, string chain) =>
        _leads.Where(l => l.Map == map && l.Chain == chain).Select(l => (JsonNode)new JsonArray(l.Key.DeepClone(), Goto(chain)));

    /// <summary>The addresses whose packets go to a chain.</summary>
    public IEnumerable<string> AddressesOf(string map, string chain) =>
        _leads.Where(l => l.Map == map && l.Chain == chain).Select(l => l.Key.GetValue<string>());

    /// <summary>The maps of a namespace for what names let through.</summary>
    public IReadOnlyList<PinMap> PinMapsOf(NamespaceName name) => [.. _pinMaps.Where(m => m.Name == name).Select(m => m.Map)];

    /// <summary>What names have let through for a namespace.</summary>
    public PinSet PinsOf(NamespaceName name, DateTimeOffset now) =>
        PinSet.Found(PinMapsOf(name), _pins.Where(p => p.Name == name).Select(p => (p.Address, p.Mark, now + p.Left)));

    /// <summary>Takes out what binds senders to other ports than these.</summary>
    public void RemovePortsBut(IReadOnlySet<string> kept, NftTable table, NftTransaction all)
    {
        foreach (IGrouping<string, (string Set, string Port, JsonArray Parts)> set in _bound.Where(b => !kept.Contains(b.Port)).GroupBy(b => b.Set))
        {
            all.DeleteElements(table, set.Key, set.Select(b => (JsonNode)new JsonObject { ["concat"] = b.Parts.DeepClone() }));
        }
    }

    private static NamespaceName Owner(string counter) =>
        CounterName.TryParse(counter, out NamespaceName owner, out _) ? owner : throw new FormatException($"'{counter}' is no counter of a namespace");

    private static void Note(JsonObject item, HashSet<string> names, Func<string, bool> isOurs)
    {
        if (item["name"]?.GetValue<string>() is string name && isOurs(name))
        {
            names.Add(name);
        }
    }

    private void ReadMap(JsonObject map)
    {
        if (PinMap.TryParse(map["name"]?.GetValue<string>(), out NamespaceName owner, out PinMap pins))
        {
            _pinMaps.Add((owner, pins));
            ReadPins(owner, map);
            return;
        }

        foreach (JsonArray pair in (map["elem"] as JsonArray ?? []).OfType<JsonArray>().Where(p => p.Count == 2))
        {
            if (pair[1]?["goto"]?["target"]?.GetValue<string>() is string chain && pair[0] is JsonNode key)
            {
                _leads.Add((map["name"]!.GetValue<string>(), key, chain));
            }
        }
    }

    private void ReadPins(NamespaceName owner, JsonObject map)
    {
        foreach (JsonNode? key in (map["elem"] as JsonArray ?? []).OfType<JsonArray>().Select(p => p[0]))
        {
            if (key?["elem"] is JsonObject element && IPAddress.TryParse(element["val"]?.GetValue<string>(), out IPAddress? address))
            {
                // Whole seconds, cut off: nobody's address ends early for it.
                TimeSpan left = TimeSpan.FromSeconds((element["expires"]?.GetValue<int>() ?? 0) + 1);
                _pins.AddRange(PinElement.MarksIn(element["comment"]?.GetValue<string>()).Select(mark => (owner, address, mark, left)));
            }
        }
    }

    private void ReadSet(JsonObject set)
    {
        foreach (JsonArray parts in (set["elem"] as JsonArray ?? []).OfType<JsonObject>().Select(e => e["concat"]).OfType<JsonArray>())
        {
            _bound.Add((set["name"]!.GetValue<string>(), parts[0]!.GetValue<string>(), parts));
        }
    }
}
