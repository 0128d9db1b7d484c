using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sleigh.Network;

/// <summary>
/// A chain of somebody else's at the host's forward hook that ends in a drop or a reject, and whose table has no rule that names the sandboxes' link: an accept
/// in one chain does not keep the ones behind it from a packet (nft(8), "Verdict statements").
/// </summary>
/// <param name="Family">The table's family.</param>
/// <param name="Table">The table.</param>
/// <param name="Name">The chain.</param>
/// <param name="HasDockerUser">Whether the table has the chain that Docker leaves to the operator.</param>
public sealed record ClosingChain(string Family, string Table, string Name, bool HasDockerUser)
{
    private const string DockerUser = "DOCKER-USER";

    /// <summary>Commands that let the sandboxes' packets pass it, there and back. What may come back is the business of a table of ours before it.</summary>
    public string Remedy => Family is "ip" or "ip6" && Table == "filter" && Name == "FORWARD"
        ? Iptables(Family == "ip" ? "iptables" : "ip6tables", HasDockerUser ? DockerUser : Name)
        : $"nft insert rule {Family} {Table} {Name} iifname \"{NetworkNames.HostUplinks}*\" accept; nft insert rule {Family} {Table} {Name} oifname \"{NetworkNames.HostUplinks}*\" accept";

    /// <summary>Reads what <c>nft -j list ruleset</c> wrote (libnftables-json(5)). What it does not know is passed over.</summary>
    /// <exception cref="FormatException">It is no such text.</exception>
    internal static IReadOnlyList<ClosingChain> Parse(string ruleset)
    {
        try
        {
            JsonObject[] all = [.. (JsonNode.Parse(ruleset)?["nftables"] as JsonArray ?? throw new FormatException($"no list of nft: '{ruleset}'")).OfType<JsonObject>()];
            JsonObject[] chains = [.. all.Select(o => o["chain"]).OfType<JsonObject>()];
            JsonObject[] rules = [.. all.Select(o => o["rule"]).OfType<JsonObject>()];
            return
            [
                .. chains.Where(c => Text(c, "hook") == "forward" && Text(c, "family") is "ip" or "ip6" or "inet")
                    .Where(c => Text(c, "policy") == "drop" || EndsClosed(rules.LastOrDefault(r => IsIn(r, c) && Text(r, "chain") == Text(c, "name"))))
                    .Where(c => !(Names(rules, c, "iifname") && Names(rules, c, "oifname")))
                    .Select(c => new ClosingChain(
                        Text(c, "family")!, Text(c, "table")!, Text(c, "name")!, chains.Any(o => IsIn(o, c) && Text(o, "name") == DockerUser))),
            ];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"no list of nft: '{ruleset}'", e);
        }
    }

    private static string Iptables(string program, string chain) =>
        $"{program} -I {chain} -i {NetworkNames.HostUplinks}+ -j ACCEPT; {program} -I {chain} -o {NetworkNames.HostUplinks}+ -j ACCEPT";

    private static bool IsIn(JsonObject item, JsonObject chain) => Text(item, "family") == Text(chain, "family") && Text(item, "table") == Text(chain, "table");

    // As firewalld's: the policy is accept, and the last rule rejects all that has come so far.
    private static bool EndsClosed(JsonObject? rule) =>
        rule is not null && Statements(rule) is { Count: > 0 } all && all.All(s => s.ContainsKey("counter") || s.ContainsKey("drop") || s.ContainsKey("reject"))
        && all.Any(s => !s.ContainsKey("counter"));

    private static bool Names(JsonObject[] rules, JsonObject chain, string key) => rules.Where(r => IsIn(r, chain)).SelectMany(Statements)
        .Select(s => s["match"]).OfType<JsonObject>()
        .Any(m => Text(m, "op") == "==" && Text((m["left"] as JsonObject)?["meta"] as JsonObject, "key") == key
            && Text(m, "right")?.StartsWith(NetworkNames.HostUplinks, StringComparison.Ordinal) == true);

    private static IReadOnlyList<JsonObject> Statements(JsonObject rule) => [.. (rule["expr"] as JsonArray ?? []).OfType<JsonObject>()];

    private static string? Text(JsonObject? item, string name) =>
        item?[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
