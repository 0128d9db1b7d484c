using System.Net;

namespace Sleigh.Network.Tests;

public sealed class EgressRuleTests
{
    [Theory]
    [InlineData("203.0.113.0/24", "203.0.113.0/24")]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("203.0.113.7/32", "203.0.113.7")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("203.0.113.7:443", "203.0.113.7:443")]
    [InlineData("203.0.113.0/24:8000-8100", "203.0.113.0/24:8000-8100")]
    [InlineData("203.0.113.0/24:443-443", "203.0.113.0/24:443")]
    [InlineData("2001:db8::/32", "2001:db8::/32")]
    [InlineData("2001:DB8::1", "2001:db8::1")]
    [InlineData("[2001:db8::1]", "2001:db8::1")]
    [InlineData("[2001:db8::1]:443", "[2001:db8::1]:443")]
    [InlineData("[2001:db8::/32]:1-65535", "[2001:db8::/32]:1-65535")]
    [InlineData("::/0", "::/0")]
    public void A_rule_is_read_and_written(string text, string written)
    {
        Assert.True(EgressRule.TryParse(text, out EgressRule? rule));
        Assert.Equal(written, rule!.ToString());
        Assert.True(EgressRule.TryParse(written, out EgressRule? again));
        Assert.Equal(rule, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("10.1")]
    [InlineData("010.0.0.1")]
    [InlineData("10.0.0.1/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0:")]
    [InlineData("10.0.0.0:0")]
    [InlineData("10.0.0.0:65536")]
    [InlineData("10.0.0.0:90-80")]
    [InlineData("10.0.0.0:80-90-95")]
    [InlineData("10.0.0.0:+80")]
    [InlineData("10.0.0.0: 80")]
    [InlineData(" 10.0.0.0")]
    [InlineData("[10.0.0.0]:80")]
    [InlineData("[2001:db8::1")]
    [InlineData("[2001:db8::1]443")]
    [InlineData("[2001:db8::1]:")]
    [InlineData("2001:db8::1/32")]
    [InlineData("fe80::1%eth0")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("example.com")]
    [InlineData("10.0.0.0/8; drop")]
    public void What_is_no_rule_is_refused(string text) => Assert.False(EgressRule.TryParse(text, out _));

    [Theory]
    [InlineData("10.1.0.0/16", "10.0.0.0/8", true)]
    [InlineData("10.0.0.0/8", "10.1.0.0/16", false)]
    [InlineData("10.1.2.3:80", "10.0.0.0/8", true)]
    [InlineData("10.1.2.3", "10.0.0.0/8:80", false)]
    [InlineData("10.1.2.3:80-90", "10.0.0.0/8:80-95", true)]
    [InlineData("10.1.2.3:80-99", "10.0.0.0/8:80-95", false)]
    [InlineData("::1", "0.0.0.0/0", false)]
    public void A_rule_is_within_another_with_all_that_it_names(string inner, string outer, bool expected) =>
        Assert.Equal(expected, Rule(inner).IsWithin(Rule(outer)));

    [Theory]
    [InlineData("10.1.2.3/32", "10.0.0.0/8")]
    [InlineData("169.254.169.254/32", "169.254.0.0/16")]
    [InlineData("168.63.129.16/32", "168.63.129.16/32")]
    [InlineData("64:ff9b::a9fe:a9fe/128", "64:ff9b::/96")]
    [InlineData("::1/128", "::/96")]
    [InlineData("0.0.0.0/0", null)]
    [InlineData("8.0.0.0/6", null)]
    [InlineData("203.0.113.7/32", null)]
    public void It_is_said_which_protected_network_a_destination_lies_in(string network, string? expected) =>
        Assert.Equal(expected, ProtectedNetworks.Containing(IPNetwork.Parse(network))?.ToString());

    [Fact]
    public void Ranges_that_overlap_or_touch_become_one()
    {
        IPNetwork[] networks = [.. ((string[])["10.0.1.0/24", "10.0.0.0/24", "10.0.0.7/32", "255.255.255.255/32", "::/0", "fd00::/8", "10.0.3.0/24"]).Select(IPNetwork.Parse)];

        Assert.Equal(
            ["10.0.0.0-10.0.1.255", "10.0.3.0-10.0.3.255", "255.255.255.255-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
            AddressRange.Merge(networks).Select(r => $"{r.FirstAddress}-{r.LastAddress}"));
    }

    private static EgressRule Rule(string text) => EgressRule.TryParse(text, out EgressRule? rule) ? rule! : throw new FormatException(text);
}
