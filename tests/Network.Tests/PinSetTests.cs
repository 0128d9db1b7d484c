using System.Net;
using System.Text.Json.Nodes;

namespace Sleigh.Network.Tests;

public sealed class PinSetTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;
    private static readonly NameRule One = NameRuleTests.Rule("one.example"), Two = NameRuleTests.Rule("*.two.example"), Ported = NameRuleTests.Rule("one.example:443");

    [Fact]
    public void An_address_stays_for_its_life_and_a_little_and_a_minute_at_least()
    {
        PinSet pins = Empty(One).With([One], [At("203.0.113.7", 300), At("203.0.113.8", 0), At("203.0.113.9", 1_000_000)], Now)!;

        Assert.Equal([330, 60, 86_400], Elements(pins, "4").Select(e => e.Seconds));
        Assert.True(pins.Covers([One], [At("203.0.113.7", 300)], Now.AddSeconds(30)));
        Assert.False(pins.Covers([One], [At("203.0.113.7", 300)], Now.AddSeconds(31)));
        Assert.False(pins.Covers([One], [At("203.0.113.8", 0)], Now.AddSeconds(51)));
        Assert.Equal(2, Elements(pins, "4", Now.AddSeconds(60)).Count);
        Assert.Equal(2, pins.With([One], [At("203.0.113.7", 5)], Now.AddSeconds(60))!.Count);

        // Answered again with less, it does not end earlier.
        Assert.Equal(320, Elements(pins.With([One], [At("203.0.113.7", 5)], Now.AddSeconds(10))!, "4", Now.AddSeconds(10))[0].Seconds);
    }

    [Fact]
    public void An_address_goes_with_the_last_name_that_has_it()
    {
        PinSet pins = Empty(One, Two, Ported).With([One, Ported], [At("203.0.113.7", 300), At("2001:db8::7", 300)], Now)!.With([Two], [At("203.0.113.7", 400)], Now)!;

        Assert.Equal([Two.Mark, One.Mark], Assert.Single(Elements(pins, "4")).Marks);
        Assert.Equal([One.Mark], Assert.Single(Elements(pins, "6")).Marks);
        Assert.Equal([Ported.Mark], Assert.Single(Elements(pins, "4_443_443")).Marks);
        PinSet less = pins.Under([Two, Ported]);
        Assert.Equal([Two.Mark], Assert.Single(Elements(less, "4")).Marks);
        Assert.Empty(Elements(less, "6"));
        Assert.Single(Elements(less, "6_443_443"));
        PinSet least = less.Under([Ported]);
        Assert.Equal(["_4_443_443", "_6_443_443"], least.Maps.Select(m => m.NameFor(Name)[16..]));
        Assert.Null(least.With([One, Two], [At("203.0.113.7", 300)], Now));
        Assert.Empty(least.Under([]).Maps);
        Assert.False(least.Covers([One, Ported], [At("203.0.113.7", 300)], Now));
    }

    [Fact]
    public void There_are_so_many_and_no_more_and_what_is_asked_for_now_is_among_them()
    {
        PinSet pins = Empty(One);
        for (int i = 0; i < 1030; i++)
        {
            pins = pins.With([One], [At($"203.0.{i / 250}.{i % 250}", 3000 + i)], Now)!;
        }

        Assert.Equal(PinSet.Most, pins.Count);
        Assert.False(pins.Covers([One], [At("203.0.0.0", 1)], Now));
        pins = pins.With([One], [At("203.0.113.7", 1)], Now)!;
        Assert.Equal(PinSet.Most, pins.Count);
        Assert.True(pins.Covers([One], [At("203.0.113.7", 1)], Now));
    }

    [Fact]
    public void A_later_run_knows_whose_an_address_is_by_what_stands_beside_it()
    {
        PinSet pins = Empty(One, Two).With([One], [At("203.0.113.7", 300), At("203.0.113.8", 300)], Now)!.With([Two], [At("203.0.113.7", 100)], Now)!;
        IReadOnlyList<PinElement> elements = Elements(pins, "4");
        Assert.Equal($"{One.Mark:x8} {Two.Mark:x8}", elements[0].Comment);

        PinSet found = PinSet.Found(
            [new PinMap(false, null)],
            elements.SelectMany(e => PinElement.MarksIn(e.Comment).Select(m => (e.Address, m, Now.AddSeconds(e.Seconds)))));

        Assert.Empty(found.Elements(new PinMap(false, null), Now));
        Assert.Equal(["203.0.113.7", "203.0.113.8"], Elements(found.Under([One]), "4").Select(e => e.Address.ToString()));
        Assert.Equal(["203.0.113.7"], Elements(found.Under([Two]), "4").Select(e => e.Address.ToString()));
        Assert.Equal([], PinElement.MarksIn(null));
        Assert.Equal([1u], PinElement.MarksIn("nothing 1 "));
    }

    [Fact]
    public void As_many_names_as_fit_beside_an_address_are_written()
    {
        NameRule[] rules = [.. Enumerable.Range(0, 20).Select(i => NameRuleTests.Rule($"n{i}.example"))];
        PinElement element = Assert.Single(Elements(Empty(rules).With(rules, [At("203.0.113.7", 300)], Now)!, "4"));

        Assert.Equal(12, element.Marks.Count);
        Assert.InRange(element.Comment.Length, 1, 128);
    }

    [Theory]
    [InlineData("net_0123456789ab_4", true)]
    [InlineData("net_0123456789ab_6_443_443", true)]
    [InlineData("net_0123456789ab_6_443_80", false)]
    [InlineData("net_0123456789ab_5", false)]
    [InlineData("net_0123456789ab", false)]
    [InlineData("net_0123456789AB_4", false)]
    [InlineData("chains4", false)]
    [InlineData(null, false)]
    public void The_name_of_a_map_says_whose_it_is(string? text, bool expected)
    {
        Assert.Equal(expected, PinMap.TryParse(text, out NamespaceName name, out PinMap map));
        Assert.True(!expected || map.NameFor(name) == text);
    }

    [Fact]
    public void A_change_of_policy_flushes_the_chain_first_and_carries_over_what_is_still_allowed()
    {
        PinSet before = Empty(One, Ported).With([One, Ported], [At("203.0.113.7", 300)], Now)!, after = before.Under([Ported]);
        EgressPolicy policy = new() { Mode = EgressMode.Restricted, AllowNames = [Ported] };

        JsonArray commands = (JsonArray)JsonNode.Parse(SandboxRules.Change(new NetworkNames("0123456789abcdef"), Name, policy, null, before, after, Now).ToJson())!["nftables"]!;
        string[] words = [.. commands.OfType<JsonObject>().Select(c => c.First()).Select(c => $"{c.Key} {c.Value!.AsObject().First().Key} {c.Value.AsObject().First().Value!["name"]}")];

        Assert.Equal(
            [
                .. CounterName.All(Name.ToString()).Select(c => $"add counter {c}"), $"flush chain {Name}", $"delete map {Name}_4", $"delete map {Name}_6", $"add map {Name}_4_443_443", $"add map {Name}_6_443_443",
                $"flush map {Name}_4_443_443", $"add element {Name}_4_443_443", $"flush map {Name}_6_443_443",
            ],
            words[..12]);
        string text = commands.ToJsonString();
        Assert.Contains($$$"""[{"elem":{"val":"203.0.113.7","timeout":330,"comment":"{{{Ported.Mark:x8}}}"}},{{{Ported.Mark}}}]""", text, StringComparison.Ordinal);
        Assert.DoesNotContain($"{One.Mark}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sandbox_has_twenty_changes_at_once_and_ten_a_second()
    {
        NameAsker asker = new(Name, EgressPolicy.Open);
        DateTimeOffset now = Now.AddYears(1);

        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal(TimeSpan.Zero, asker.Wait(now)));
        Assert.Equal([100, 200, 300], Enumerable.Range(0, 3).Select(_ => asker.Wait(now).TotalMilliseconds));
        Assert.Equal(TimeSpan.Zero, asker.Wait(now.AddMilliseconds(400)));
        Assert.Equal(TimeSpan.FromMilliseconds(100), asker.Wait(now.AddMilliseconds(400)));
    }

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("169.254.169.254", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("::ffff:203.0.113.7", true)]
    [InlineData("fd00::1", true)]
    [InlineData("198.51.100.1", true)]
    [InlineData("2001:db8:1::99", true)]
    [InlineData("10.9.0.5", false)]
    [InlineData("203.0.113.7", false)]
    [InlineData("2001:db8:2::1", false)]
    public void No_name_opens_what_is_protected_unless_the_operator_has(string address, bool expected)
    {
        Assert.True(EgressRule.TryParse("10.9.0.0/16:443", out EgressRule? open));
        ClosedAddresses closed = new([open!], [IPAddress.Parse("198.51.100.1")], [IPNetwork.Parse("2001:db8:1::/64")]);

        Assert.Equal(expected, closed.Contains(IPAddress.Parse(address)));
        byte[] answer = new DnsMessage("a.example").Address("a.example", address).Address("a.example", "203.0.113.200").Bytes();
        Assert.True(DnsQuestion.TryRead(DnsMessage.Question("a.example"), out DnsQuestion asked));
        (IReadOnlyList<DnsAddress> taken, int withheld) = NameAdmission.Sort(DnsAnswer.Read(answer, asked)!, closed, 1);
        Assert.Equal((expected ? 1 : 2, expected ? 1 : 0), (taken.Count, withheld));
    }

    [Theory]
    [InlineData("198.51.100.1", "is an address of this host")]
    [InlineData("198.51.100.1:443", "is an address of this host")]
    [InlineData("2001:db8:1::99", "lies in 2001:db8:1::/64, a network at this host")]
    [InlineData("2001:db8:1::/64", "lies in 2001:db8:1::/64, a network at this host")]
    [InlineData("2001:db8::/32", null)]
    [InlineData("198.51.100.0/24", null)]
    [InlineData("203.0.113.7:443", null)]
    [InlineData("203.0.113.7:80", "lies in 203.0.113.0/24, a network at this host")]
    public void No_rule_opens_what_is_the_hosts_unless_the_operator_has(string text, string? expected)
    {
        Assert.True(EgressRule.TryParse("203.0.113.0/24:443", out EgressRule? open));
        Assert.True(EgressRule.TryParse(text, out EgressRule? rule));
        ClosedAddresses closed = new([open!], [IPAddress.Parse("198.51.100.1")], [IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("2001:db8:1::/64")]);

        Assert.Equal(expected, closed.Why(rule!));
    }

    [Theory]
    [InlineData(1, NameAdmission.MostAddresses)]
    [InlineData(8, NameAdmission.MostAddresses)]
    [InlineData(9, 113)]
    [InlineData(64, 16)]
    public void Of_an_answer_so_many_addresses_are_taken_and_no_more_and_all_of_them_are_open(int count, int expected)
    {
        NameRule[] rules = [.. Enumerable.Range(0, count).Select(i => NameRuleTests.Rule($"a.example:{i + 1}"))];
        DnsMessage message = new("a.example");
        for (int i = 0; i < 300; i++)
        {
            message.Address("a.example", $"203.0.{i / 250}.{i % 250}");
        }

        Assert.True(DnsQuestion.TryRead(DnsMessage.Question("a.example"), out DnsQuestion asked));
        (IReadOnlyList<DnsAddress> taken, int withheld) = NameAdmission.Sort(DnsAnswer.Read(message.Bytes(), asked)!, new ClosedAddresses([], [], []), count);

        Assert.Equal((expected, 300 - expected), (taken.Count, withheld));
        PinSet full = Empty(rules).With([rules[0]], [At("198.51.100.1", 3000)], Now)!;
        Assert.True(full.With(rules, taken, Now)!.Covers(rules, taken, Now));
    }

    private static NamespaceName Name { get; } = NamespaceName.Parse("net_0123456789ab");

    private static PinSet Empty(params NameRule[] rules) => PinSet.Empty.Under(rules);

    private static DnsAddress At(string address, int seconds) => new(IPAddress.Parse(address), TimeSpan.FromSeconds(seconds));

    private static IReadOnlyList<PinElement> Elements(PinSet pins, string map, DateTimeOffset? now = null)
    {
        Assert.True(PinMap.TryParse($"{Name}_{map}", out _, out PinMap parsed));
        return pins.Elements(parsed, now ?? Now);
    }
}
