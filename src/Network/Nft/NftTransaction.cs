using System.Text.Json.Nodes;

namespace Sleigh.Network.Nft;

/// <summary>Commands that <c>nft -j -f -</c> carries out all at once or not at all (libnftables-json(5)).</summary>
internal sealed class NftTransaction
{
    private readonly JsonArray _commands = [];

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => _commands.Count == 0;

    /// <summary>The text for nft.</summary>
    public string ToJson() => new JsonObject { ["nftables"] = _commands.DeepClone() }.ToJsonString();

    public void AddTable(NftTable table) => Add("add", "table", new JsonObject { ["family"] = table.Family, ["name"] = table.Name });

    public void DeleteTable(NftTable table) => Add("delete", "table", new JsonObject { ["family"] = table.Family, ["name"] = table.Name });

    public void AddChain(NftTable table, string name) => Add("add", "chain", Object(table, name));

    public void AddBaseChain(NftTable table, string name, string type, string hook, int priority, string policy)
    {
        JsonObject chain = Object(table, name);
        chain["type"] = type;
        chain["hook"] = hook;
        chain["prio"] = priority;
        chain["policy"] = policy;
        Add("add", "chain", chain);
    }

    public void FlushChain(NftTable table, string name) => Add("flush", "chain", Object(table, name));

    public void DeleteChain(NftTable table, string name) => Add("delete", "chain", Object(table, name));

    public void AddRule(NftTable table, string chain, params JsonNode[] statements)
    {
        JsonObject rule = new() { ["family"] = table.Family, ["table"] = table.Name, ["chain"] = chain, ["expr"] = new JsonArray(statements) };
        Add("add", "rule", rule);
    }

    public void AddCounter(NftTable table, string name) => Add("add", "counter", Object(table, name));

    public void DeleteCounter(NftTable table, string name) => Add("delete", "counter", Object(table, name));

    public void AddSet(NftTable table, string name, JsonNode type, bool isInterval)
    {
        JsonObject set = Object(table, name);
        set["type"] = type;
        if (isInterval)
        {
            set["flags"] = new JsonArray("interval");
        }

        Add("add", "set", set);
    }

    public void AddVerdictMap(NftTable table, string name, string type)
    {
        JsonObject map = Object(table, name);
        map["type"] = type;
        map["map"] = "verdict";
        Add("add", "map", map);
    }

    /// <summary>A map from addresses to marks of connections, whose elements leave by themselves.</summary>
    public void AddMarkMap(NftTable table, string name, string type)
    {
        JsonObject map = Object(table, name);
        map["type"] = type;
        map["map"] = "mark";
        map["flags"] = new JsonArray("timeout");
        Add("add", "map", map);
    }

    public void FlushMap(NftTable table, string name) => Add("flush", "map", Object(table, name));

    public void DeleteMap(NftTable table, string name) => Add("delete", "map", Object(table, name));

    public void FlushSet(NftTable table, string name) => Add("flush", "set", Object(table, name));

    /// <summary>Adds elements; none: nothing is done.</summary>
    public void AddElements(NftTable table, string set, IEnumerable<JsonNode> elements) => Elements("add", table, set, elements);

    /// <summary>Takes elements out. One that is not there fails the whole transaction.</summary>
    public void DeleteElements(NftTable table, string set, IEnumerable<JsonNode> elements) => Elements("delete", table, set, elements);

    private static JsonObject Object(NftTable table, string name) =>
        new() { ["family"] = table.Family, ["table"] = table.Name, ["name"] = name };

    private void Elements(string command, NftTable table, string set, IEnumerable<JsonNode> elements)
    {
        JsonArray list = new([.. elements]);
        if (list.Count > 0)
        {
            JsonObject element = Object(table, set);
            element["elem"] = list;
            Add(command, "element", element);
        }
    }

    private void Add(string command, string kind, JsonObject what) =>
        _commands.Add((JsonNode)new JsonObject { [command] = new JsonObject { [kind] = what } });
}
