using Sleigh.Runtime.Checks;

namespace Sleigh.Runtime.Tests.Hosts;

public sealed class NetworkChecksTests
{
    [Theory]
    [InlineData(true, "fail", "sandbox.network is bridge, but there is no program 'nft' on PATH; there is no CNI plugin /usr/lib/cni/bridge")]
    [InlineData(false, "warn", "sandboxes can have no network but loopback: there is no program 'nft' on PATH; there is no CNI plugin /usr/lib/cni/bridge")]
    public void What_is_missing_is_a_fault_only_where_it_is_wanted(bool isWanted, string result, string seen)
    {
        Finding finding = NetworkChecks.Network(["there is no program 'nft' on PATH", "there is no CNI plugin /usr/lib/cni/bridge"], isWanted);

        Assert.Equal((result, seen, "apt install containernetworking-plugins nftables iproute2"), (finding.Result, finding.Seen, finding.Remedy));
        Assert.Equal("ok", NetworkChecks.Network([], isWanted).Result);
    }

    [Fact]
    public void Chains_that_close_the_way_are_named_with_the_rules_to_add()
    {
        Finding finding = NetworkChecks.Firewall([new("ip", "filter", "FORWARD", true), new("inet", "firewall", "forward", false)]);

        Assert.Equal(
            ("warn", "sandboxes on a network reach nothing: forwarded packets are dropped by table ip filter chain FORWARD, table inet firewall chain forward",
                "iptables -I DOCKER-USER -i sleigh-+ -j ACCEPT; iptables -I DOCKER-USER -o sleigh-+ -j ACCEPT; nft insert rule inet firewall forward iifname \"sleigh-*\" accept; nft insert rule inet firewall forward oifname \"sleigh-*\" accept"),
            (finding.Result, finding.Seen, finding.Remedy));
        Assert.Equal("ok", NetworkChecks.Firewall([]).Result);
    }

    [Theory]
    [InlineData(false, false, "ok", "no sandbox can be made in the host's network", null)]
    [InlineData(
        true, true, "warn",
        "sandboxes can be made in the host's network: no policy holds what they send, and they reach what listens on loopback and at abstract sockets",
        "set network.allow_host to false, then sleighctl config reload")]
    [InlineData(
        true, false, "warn",
        "sandboxes can be made in the host's network: no policy holds what they send, and they reach what listens on loopback and at abstract sockets, to which their root is user 0; sandbox.user_namespace: true makes it an ordinary user",
        "set network.allow_host to false, then sleighctl config reload")]
    public void It_is_said_what_sandboxes_in_the_hosts_network_can_do(bool isAllowed, bool haveUsersOfTheirOwn, string result, string seen, string? remedy)
    {
        Finding finding = NetworkChecks.HostNetwork(isAllowed, haveUsersOfTheirOwn);

        Assert.Equal((result, seen, remedy), (finding.Result, finding.Seen, finding.Remedy));
    }

    [Theory]
    [InlineData("1\n", "1\n", false, true, "ok", "IPv4 is forwarded, IPv6 is forwarded")]
    [InlineData("0", "0", true, true, "ok", "IPv4 is not forwarded; sleighd switches it on for single interfaces when sandboxes need it; IPv6 is not forwarded, so sandboxes have IPv4 only")]
    [InlineData("0", null, false, true, "warn", "IPv4 is not forwarded, and network.forwarding is false; IPv6 is not forwarded, so sandboxes have IPv4 only")]
    [InlineData("0", "0", false, false, "ok", "IPv4 is not forwarded; IPv6 is not forwarded, so sandboxes have IPv4 only")]
    public void It_is_said_whether_packets_of_sandboxes_are_forwarded(string four, string? six, bool isAllowed, bool isWanted, string result, string seen)
    {
        Finding finding = NetworkChecks.Forwarding(four, six, isAllowed, isWanted);

        Assert.Equal((result, seen), (finding.Result, finding.Seen));
    }
}
