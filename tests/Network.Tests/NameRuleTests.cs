namespace Sleigh.Network.Tests;

public sealed class NameRuleTests
{
    private const string Long63 = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123";
    private const string Name253 = Long63 + "." + Long63 + "." + Long63 + ".aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1";

    [Theory]
    [InlineData("example.org", "example.org")]
    [InlineData("Example.Org:443", "example.org:443")]
    [InlineData("*.example.net", "*.example.net")]
    [InlineData("*.example", "*.example")]
    [InlineData("example.com:8000-8100", "example.com:8000-8100")]
    [InlineData("_acme.a-b.xn--bcher-kva.example", "_acme.a-b.xn--bcher-kva.example")]
    [InlineData("1.2.example", "1.2.example")]
    [InlineData(Name253, Name253)]
    public void A_name_is_read_and_written(string text, string written)
    {
        Assert.True(NameRule.TryParse(text, out NameRule? rule, out string? fault), fault);
        Assert.Equal(written, rule!.ToString());
        Assert.True(NameRule.TryParse(written, out NameRule? again, out _));
        Assert.Equal((rule, rule.Mark), (again!, again!.Mark));
        Assert.True(EgressEntry.TryParse(text, out EgressEntry? entry, out _));
        Assert.Equal((null, written), (entry!.Destination, entry.ToString()));
    }

    [Theory]
    [InlineData("nowhere", "a name has at least two parts, as in example.com")]
    [InlineData("a.example.", "each part of a name between dots has 1 to 63 characters, and no dot stands at the end")]
    [InlineData(".a.example", "each part of a name between dots has 1 to 63 characters, and no dot stands at the end")]
    [InlineData("a..example", "each part of a name between dots has 1 to 63 characters, and no dot stands at the end")]
    [InlineData(Long63 + "4.example", "each part of a name between dots has 1 to 63 characters, and no dot stands at the end")]
    [InlineData("*.", "each part of a name between dots has 1 to 63 characters, and no dot stands at the end")]
    [InlineData("a" + Name253, "a name has at most 253 characters")]
    [InlineData("*", "* stands for the whole of the first part, as in *.example.net, and nowhere else")]
    [InlineData("*a.example", "* stands for the whole of the first part, as in *.example.net, and nowhere else")]
    [InlineData("a.*.example", "* stands for the whole of the first part, as in *.example.net, and nowhere else")]
    [InlineData("*.*.example", "* stands for the whole of the first part, as in *.example.net, and nowhere else")]
    [InlineData("-a.example", "a name has letters, digits, - and _ between its dots, and no part begins or ends with -")]
    [InlineData("a-.example", "a name has letters, digits, - and _ between its dots, and no part begins or ends with -")]
    [InlineData("a.example/24", "a name has letters, digits, - and _ between its dots, and no part begins or ends with -")]
    [InlineData("a.example; drop", "a name has letters, digits, - and _ between its dots, and no part begins or ends with -")]
    [InlineData(" a.example", "a name has letters, digits, - and _ between its dots, and no part begins or ends with -")]
    [InlineData("a.example:", "ports are 443 or 8000-8100, from 1 to 65535")]
    [InlineData("a.example:0", "ports are 443 or 8000-8100, from 1 to 65535")]
    [InlineData("a.example:90-80", "ports are 443 or 8000-8100, from 1 to 65535")]
    [InlineData("bücher.example", "a name of another script is written as it is asked for, in ASCII (xn--...)")]
    [InlineData("10.0.0.1", null)]
    [InlineData("example.10", null)]
    [InlineData("10.0.0.0:80", null)]
    [InlineData("a.example:80:90", null)]
    [InlineData("2001:db8::1", null)]
    public void What_is_no_name_is_refused_and_it_is_said_why(string text, string? expected)
    {
        Assert.False(NameRule.TryParse(text, out _, out string? fault));
        Assert.Equal(expected, fault);
    }

    [Theory]
    [InlineData("example.org", "example.org", true)]
    [InlineData("example.org", "www.example.org", false)]
    [InlineData("example.org", "xexample.org", false)]
    [InlineData("*.example.org", "example.org", false)]
    [InlineData("*.example.org", "www.example.org", true)]
    [InlineData("*.example.org", "a.b.c.example.org", true)]
    [InlineData("*.example.org", "xexample.org", false)]
    [InlineData("*.example.org", "example.org.example", false)]
    [InlineData("*.example.org", "org", false)]
    public void A_name_is_matched_as_a_whole_and_a_wildcard_by_all_below_it(string rule, string name, bool expected) =>
        Assert.Equal(expected, Rule(rule).Matches(Names.Parse(name)));

    [Fact]
    public void A_dot_inside_a_part_is_none_between_two_and_the_case_does_not_matter()
    {
        byte[] dotted = [11, .. "example.org"u8, 0], under = [12, .. "x.example.or"u8, 1, (byte)'g', 0], upper = [7, .. "EXAMPLE"u8, 3, .. "oRg"u8, 0];

        Assert.False(Rule("example.org").Matches(Names.Read(dotted)));
        Assert.False(Rule("*.example.org").Matches(Names.Read(under)));
        Assert.False(Rule("*.example.org").Matches(Names.Read(dotted)));
        Assert.True(Rule("example.org").Matches(Names.Read(upper)));
        Assert.False(Rule("example.org").Matches(Names.Read([0])));

        // A length byte among the letters of a part.
        Assert.False(Rule("*.org").Matches(Names.Read([7, (byte)'a', (byte)'b', (byte)'c', 3, .. "org"u8, 0])));
    }

    [Fact]
    public void Each_rule_has_a_mark_of_its_own_that_stays()
    {
        string[] texts = ["example.org", "*.example.org", "example.org:443", "example.org:80"];

        Assert.Equal(texts.Length, texts.Select(t => Rule(t).Mark).Distinct().Count());
        Assert.Equal(0xBFABC374u, Rule("example.org").Mark);
    }

    [Fact]
    public void A_policy_answers_what_it_allows_and_never_what_it_denies()
    {
        EgressPolicy restricted = new() { Mode = EgressMode.Restricted, AllowNames = [Rule("*.example.com"), Rule("a.example.com:443")], DenyNames = [Rule("no.example.com")] };
        EgressPolicy open = new() { DenyNames = [Rule("*.bad.example")] };

        Assert.Equal(["*.example.com", "a.example.com:443"], Verdict(restricted, "a.example.com").Pins!.Select(r => r.ToString()));
        Assert.False(Verdict(restricted, "example.com").IsAnswered);
        Assert.False(Verdict(restricted, "no.example.com").IsAnswered);
        Assert.False(Verdict(restricted, "a.example.com", kind: 3).IsAnswered);
        Assert.Equal(new NameVerdict(true, null), Verdict(open, "example.com"));
        Assert.False(Verdict(open, "very.bad.example").IsAnswered);
        Assert.False(Verdict(restricted with { Mode = EgressMode.None }, "a.example.com").IsAnswered);
        Assert.NotEqual(restricted, restricted with { DenyNames = [] });
        Assert.NotEqual(restricted, restricted with { AllowNames = [Rule("*.example.com")] });
        Assert.Equal(restricted, restricted with { AllowNames = [Rule("*.EXAMPLE.com"), Rule("a.example.com:443-443")] });
    }

    internal static NameRule Rule(string text) => NameRule.TryParse(text, out NameRule? rule, out _) ? rule! : throw new FormatException(text);

    private static NameVerdict Verdict(EgressPolicy policy, string name, int kind = 1) => NameVerdict.Of(policy, new DnsQuestion(Names.Parse(name), 1, kind, 0));
}
