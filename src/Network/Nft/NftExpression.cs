using System.Text.Json.Nodes;

namespace Sleigh.Network.Nft;

/// <summary>Expressions and statements of libnftables-json(5), as far as Sleigh uses them.</summary>
internal static class NftExpression
{
    public static JsonNode Meta(string key) => new JsonObject { ["meta"] = new JsonObject { ["key"] = key } };

    public static JsonNode Field(string protocol, string field) =>
        new JsonObject { ["payload"] = new JsonObject { ["protocol"] = protocol, ["field"] = field } };

    public static JsonNode Ct(string key) => new JsonObject { ["ct"] = new JsonObject { ["key"] = key } };

    /// <summary>
    /// Of a connection's first direction. Both directions of a connection give the same, so what a sandbox asked for is judged in the answers too.
    /// </summary>
    public static JsonNode CtOriginal(string key) => new JsonObject { ["ct"] = new JsonObject { ["key"] = key, ["dir"] = "original" } };

    public static JsonNode Concat(params JsonNode[] parts) => new JsonObject { ["concat"] = new JsonArray(parts) };

    public static JsonNode Range(JsonNode first, JsonNode last) => new JsonObject { ["range"] = new JsonArray(first, last) };

    public static JsonNode AnyOf(IEnumerable<JsonNode> values) => new JsonObject { ["set"] = new JsonArray([.. values]) };

    public static JsonNode AnyOf(params string[] values) => AnyOf(values.Select(v => (JsonNode)v));

    /// <summary>Addresses of one family, as elements of a set.</summary>
    public static IEnumerable<JsonNode> Elements(IEnumerable<AddressRange> ranges) => ranges.Select(r => r.First == r.Last
        ? (JsonNode)r.FirstAddress.ToString()
        : Range(r.FirstAddress.ToString(), r.LastAddress.ToString()));

    public static JsonNode Match(JsonNode left, JsonNode right, string op = "==") =>
        new JsonObject { ["match"] = new JsonObject { ["op"] = op, ["left"] = left, ["right"] = right } };

    public static JsonNode MatchState(params string[] states) => Match(Ct("state"), new JsonArray([.. states.Select(s => (JsonNode)s)]), "in");

    public static JsonNode Verdict(string word) => new JsonObject { [word] = null };

    public static JsonNode Goto(string chain) => new JsonObject { ["goto"] = new JsonObject { ["target"] = chain } };

    public static JsonNode Jump(string chain) => new JsonObject { ["jump"] = new JsonObject { ["target"] = chain } };

    public static JsonNode Counter(string name) => new JsonObject { ["counter"] = name };

    /// <summary>
    /// Enters the connection that a packet belongs to under a key in a set of that flag; matches when that key has more than so many that are still open
    /// (nft(8), "ct count" in a dynamic set).
    /// </summary>
    public static JsonNode OverInSet(JsonNode key, string set, int most) => new JsonObject
    {
        ["set"] = new JsonObject
        {
            ["op"] = "add", ["elem"] = key, ["set"] = "@" + set, ["stmt"] = new JsonArray(new JsonObject { ["ct count"] = new JsonObject { ["val"] = most, ["inv"] = true } }),
        },
    };

    /// <summary>
    /// Counts a packet under a key in a set of that flag; matches when there are more than so many in a second, after so many at once (nft(8), "limit" in a
    /// dynamic set).
    /// </summary>
    public static JsonNode OverRate(JsonNode key, string set, int perSecond, int atOnce) => new JsonObject
    {
        ["set"] = new JsonObject
        {
            ["op"] = "update", ["elem"] = key, ["set"] = "@" + set,
            ["stmt"] = new JsonArray(new JsonObject { ["limit"] = new JsonObject { ["rate"] = perSecond, ["per"] = "second", ["burst"] = atOnce, ["inv"] = true } }),
        },
    };

    public static JsonNode VerdictMap(JsonNode key, string map) =>
        new JsonObject { ["vmap"] = new JsonObject { ["key"] = key, ["data"] = "@" + map } };

    public static JsonNode SetMark(int value) =>
        new JsonObject { ["mangle"] = new JsonObject { ["key"] = Meta("mark"), ["value"] = value } };

    /// <summary>Marks the connection with what a map has for a key; where it has nothing, the rule ends here.</summary>
    public static JsonNode MarkConnection(JsonNode key, string map) => new JsonObject
    {
        ["mangle"] = new JsonObject
        {
            ["key"] = Ct("mark"), ["value"] = new JsonObject { ["map"] = new JsonObject { ["key"] = key, ["data"] = "@" + map } },
        },
    };

    public static JsonNode Reject(string type, string? reason) => new JsonObject
    {
        ["reject"] = reason is null ? new JsonObject { ["type"] = type } : new JsonObject { ["type"] = type, ["expr"] = reason },
    };
}
