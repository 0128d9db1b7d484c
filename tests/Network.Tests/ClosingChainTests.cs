namespace Sleigh.Network.Tests;

public sealed class ClosingChainTests
{
    private const string Docker =
        """
        {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}},
        {"chain": {"family": "ip", "table": "filter", "name": "DOCKER-USER", "handle": 9}},
        {"rule": {"family": "ip", "table": "filter", "chain": "FORWARD", "expr": [{"xt": null}, {"jump": {"target": "DOCKER-USER"}}]}}
        """;

    private const string Ours =
        """{"chain": {"family": "inet", "table": "sleigh_0123456789abcdef", "name": "forward", "type": "filter", "hook": "forward", "prio": -10, "policy": "accept"}}""";

    [Fact]
    public void A_chain_with_the_policy_drop_closes_the_way_until_rules_of_its_table_name_the_link_both_ways()
    {
        Assert.Equal([new ClosingChain("ip", "filter", "FORWARD", HasDockerUser: true)], Parse(Ours, Docker));
        Assert.Single(Parse(Docker, Rule("iifname", "sleigh-*")));
        Assert.Single(Parse(Docker, Rule("iifname", "sleigh-*"), Rule("oifname", "eth0")));
        Assert.Empty(Parse(Docker, Rule("iifname", "sleigh-*"), Rule("oifname", "sleigh-01234567")));
    }

    [Theory]
    [InlineData("""{"reject": {"type": "icmpx", "expr": "admin-prohibited"}}""", true)]
    [InlineData("""{"counter": {"packets": 0, "bytes": 0}}, {"drop": null}""", true)]
    [InlineData("""{"counter": {"packets": 0, "bytes": 0}}""", false)]
    [InlineData("""{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}, {"drop": null}""", false)]
    [InlineData("""{"accept": null}""", false)]
    public void So_does_one_whose_last_rule_refuses_everything(string last, bool closes) => Assert.Equal(
        closes,
        Parse(
            """{"chain": {"family": "inet", "table": "firewalld", "name": "filter_FORWARD", "type": "filter", "hook": "forward", "prio": 10, "policy": "accept"}}""",
            """{"rule": {"family": "inet", "table": "firewalld", "chain": "filter_FORWARD", "expr": [{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}]}}""",
            $$$"""{"rule": {"family": "inet", "table": "firewalld", "chain": "filter_FORWARD", "expr": [{{{last}}}]}}""").Count == 1);

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("")]
    public void What_is_no_list_is_refused_and_quoted(string text) =>
        Assert.Equal($"no list of nft: '{text}'", Assert.Throws<FormatException>(() => ClosingChain.Parse(text)).Message);

    private static IReadOnlyList<ClosingChain> Parse(params string[] objects) =>
        ClosingChain.Parse($$$"""{"nftables": [{"metainfo": {"version": "1.0.6"}}, {{{string.Join(", ", objects)}}}]}""");

    private static string Rule(string key, string link) =>
        $$$"""{"rule": {"family": "ip", "table": "filter", "chain": "DOCKER-USER", "expr": [{"match": {"op": "==", "left": {"meta": {"key": "{{{key}}}"}}, "right": "{{{link}}}"}}, {"accept": null}]}}""";
}
