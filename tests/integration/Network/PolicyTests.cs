using System.Globalization;
using Sleigh.Network;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Network;

/// <summary>What a namespace reaches: real packets through the real router, to servers in a world of our own.</summary>
public sealed class PolicyTests
{
    [HostFact(Need.Root, Need.Networking)]
    public async Task The_world_is_reached_and_nothing_that_is_protected()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync();
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        SandboxNamespace two = await network.TakeAsync(CancellationToken.None);
        NetworkPolicyProbe probe = new(network, one);

        // The world sees the host, and no address of a sandbox.
        Assert.True(network.Forwards);
        Assert.Equal("ok 198.51.100.1", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"));
        Assert.Equal("ok 198.51.100.1", await NetworkWorld.ConnectAsync(one.Path, "198.51.100.2", 443, "udp"));
        Assert.Equal("ok 198.51.100.1", await NetworkWorld.ConnectAsync(two.Path, "198.51.100.2"));
        Assert.Equal(0, await probe.RefusedAsync());

        // The host by each of its addresses, its private network, the metadata service, a neighbour, the router.
        foreach (string address in (string[])
            ["198.51.100.1", "192.168.77.1", "192.168.77.2", "169.254.169.254", two.Addresses.Four.ToString(), "10.1.2.3", "100.64.0.1", "172.16.0.1", "224.0.0.1"])
        {
            long before = await probe.RefusedAsync();
            string end = await NetworkWorld.ConnectAsync(one.Path, address);
            Assert.True(end is "EHOSTUNREACH" or "ENETUNREACH", $"{address}: {end}");
            Assert.True(address == "224.0.0.1" || await probe.RefusedAsync() > before, $"{address} was not counted");
        }

        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, one.Addresses.Gateway.ToString()));
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, "169.254.169.254", 80, "udp"));
        Assert.Equal(default, (await network.RefusedAsync(CancellationToken.None))[two.Name]);

        // The namespace of a neighbour is its own: nothing listens on its loopback.
        Assert.Equal("ECONNREFUSED", await NetworkWorld.ConnectAsync(one.Path, "127.0.0.1"));
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task The_host_is_out_of_reach_even_by_an_address_that_the_router_was_not_told_of()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync();
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        await world.ShellAsync(world.Host, "ip address add 203.0.113.99/32 dev lo");

        Assert.Equal("timeout", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.99", seconds: 2));
        await network.RefreshAsync(CancellationToken.None);
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.99"));
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task What_the_host_translates_to_another_address_is_out_of_reach_unless_it_is_opened()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await world.NftAsync(world.Host, "add table ip published");
        await world.NftAsync(world.Host, "add chain ip published prerouting { type nat hook prerouting priority -100; policy accept; }");
        await world.NftAsync(world.Host, "add rule ip published prerouting ip daddr 203.0.113.99 dnat to 192.168.77.2");
        await using (SandboxNetwork network = await world.OpenAsync())
        {
            SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
            Assert.Equal("timeout", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.99", seconds: 2));
            await Poll.UntilAsync(
                async () => !(await world.NftAsync(world.Host, "list", "counter", "inet", $"sleigh_{world.Instance}", "to_host")).Contains("packets 0 ", StringComparison.Ordinal),
                60, () => "the packet was not counted");
            await network.DestroyAsync(one.Name, CancellationToken.None);
        }

        await using SandboxNetwork open = await world.OpenAsync(world.Options with { Reachable = [Rule("203.0.113.99:80"), Rule("192.168.77.2:443")] });
        SandboxNamespace two = await open.TakeAsync(CancellationToken.None);
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(two.Path, "203.0.113.99"), StringComparison.Ordinal);
        await open.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task Each_mode_and_each_kind_of_rule_holds()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync(world.Options with { Reachable = [Rule("192.168.77.2:443")] });
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);

        await ReachesAsync("203.0.113.7:80", "203.0.113.7:443", "198.51.100.2:80", "198.51.100.2:443", "192.168.77.2:443");
        await Apply(EgressMode.Open, deny: ["203.0.113.0/24:443", "198.51.100.2", "192.168.77.2"]);
        await ReachesAsync("203.0.113.7:80");
        await Apply(EgressMode.Restricted, allow: ["203.0.113.0/24", "198.51.100.2:440-450"]);
        await ReachesAsync("203.0.113.7:80", "203.0.113.7:443", "198.51.100.2:443");
        Assert.Equal("ok 198.51.100.1", await NetworkWorld.ConnectAsync(one.Path, "198.51.100.2", 443, "udp"));
        await Apply(EgressMode.Restricted, allow: ["203.0.113.0/24", "203.0.113.7", "203.0.113.0/25"], deny: ["203.0.113.7:80"]);
        await ReachesAsync("203.0.113.7:443");

        // Nobody but the operator opens what is protected, however much is allowed.
        await Apply(EgressMode.Restricted, allow: ["0.0.0.0/0"]);
        await ReachesAsync("203.0.113.7:80", "203.0.113.7:443", "198.51.100.2:80", "198.51.100.2:443", "192.168.77.2:443");
        await Apply(EgressMode.Restricted);
        await ReachesAsync();
        await Apply(EgressMode.None, allow: ["203.0.113.7"]);
        await ReachesAsync();
        await network.RemoveAllAsync(CancellationToken.None);

        Task Apply(EgressMode mode, string[]? allow = null, string[]? deny = null) => network.ApplyAsync(
            one.Name, new EgressPolicy { Mode = mode, Allow = [.. (allow ?? []).Select(Rule)], Deny = [.. (deny ?? []).Select(Rule)] }, CancellationToken.None);

        async Task ReachesAsync(params string[] expected)
        {
            List<string> reached = [];
            foreach (string target in (string[])
                ["203.0.113.7:80", "203.0.113.7:443", "198.51.100.2:80", "198.51.100.2:443", "192.168.77.2:80", "192.168.77.2:443", "198.51.100.1:80"])
            {
                string[] parts = target.Split(':');
                string end = await NetworkWorld.ConnectAsync(one.Path, parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture));
                Assert.True(end is "EHOSTUNREACH" || end.StartsWith("ok ", StringComparison.Ordinal), $"{target}: {end}");
                if (end != "EHOSTUNREACH")
                {
                    reached.Add(target);
                }
            }

            Assert.Equal(expected, reached);
        }
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task What_lies_ready_has_the_first_policy_and_who_wants_just_that_waits_for_no_change_of_rules()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        EgressPolicy first = new() { Deny = [Rule("203.0.113.7")] };
        await using SandboxNetwork network = await world.OpenAsync(world.Options with { FirstPolicy = () => first });
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"));
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "198.51.100.2"), StringComparison.Ordinal);

        // What somebody else changes is not put right, so no rule was touched.
        string chain = $"chain inet sleigh_{world.Instance} {one.Name}";
        await world.NftAsync(world.Router, $"flush {chain}");
        await network.EnsureAsync(one.Name, new EgressPolicy { Deny = [Rule("203.0.113.7")] }, CancellationToken.None);
        Assert.DoesNotContain("accept", await world.NftAsync(world.Router, $"list {chain}"), StringComparison.Ordinal);

        await network.EnsureAsync(one.Name, EgressPolicy.Open, CancellationToken.None);
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"), StringComparison.Ordinal);
        await network.EnsureAsync(one.Name, first, CancellationToken.None);
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"));
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task A_rule_that_is_added_cuts_an_open_connection()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync();
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        BackgroundProgram open = world.OpenConnection(one.Path, "203.0.113.7");
        BackgroundProgram other = world.OpenConnection(one.Path, "198.51.100.2");
        Assert.Equal("open", await open.ReadLineAsync());
        Assert.Equal("open", await other.ReadLineAsync());
        Assert.Equal("first", await open.AskAsync("first"));

        await network.ApplyAsync(one.Name, new EgressPolicy { Deny = [Rule("203.0.113.0/24")] }, CancellationToken.None);

        // Each packet of it is refused and counted, while the other connection goes on.
        Assert.Equal("sent", await open.AskAsync("!second"));
        await Poll.UntilAsync(
            async () => (await network.RefusedAsync(CancellationToken.None))[one.Name].Denied > 0, 60, () => "no packet of the open connection was refused");
        Assert.Equal("still", await other.AskAsync("still"));
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task A_false_sender_gets_nowhere_and_is_counted()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync();
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        SandboxNamespace two = await network.TakeAsync(CancellationToken.None);
        await network.ApplyAsync(one.Name, new EgressPolicy { Mode = EgressMode.None }, CancellationToken.None);
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"));
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(two.Path, "203.0.113.7"), StringComparison.Ordinal);
        long before = await network.SpoofedAsync(CancellationToken.None);
        string neighbours = await world.ShellAsync(world.Router, "ip neighbour show dev sandboxes");
        string router = (await world.ShellAsync(world.Router, "cat /proc/net/dev > /dev/null; ip -o link show sandboxes")).Split("link/ether ")[1][..17];

        // With the neighbour's address, the neighbour's hardware address too, and one that nobody has.
        await NetworkWorld.PythonAsync(one.Path, "forger", two.Addresses.Four.ToString(), "203.0.113.7", router);
        await NetworkWorld.PythonAsync(one.Path, "forger", two.Addresses.Four.ToString(), "203.0.113.7", router, two.Addresses.Mac);
        await NetworkWorld.PythonAsync(one.Path, "forger", "203.0.113.50", "203.0.113.7", router);

        Assert.Equal(before + 30, await network.SpoofedAsync(CancellationToken.None));

        // The same, and with its own addresses, to those of protocols between bridges: spanning tree, link aggregation, LLDP and one nobody uses. A bridge takes
        // them past the rules for ports, and LLDP's up to the port itself, unless it is told otherwise.
        string told = await world.ShellAsync(world.Router, $"bridge fdb show br sandboxes | sort; ip neighbour show dev {one.Addresses.Port}");
        int sent = 0;
        foreach (string group in (string[])["01:80:c2:00:00:00", "01:80:c2:00:00:02", "01:80:c2:00:00:0e", "01:80:c2:00:00:0f"])
        {
            foreach (string sender in (string[])[two.Addresses.Mac, "02:00:00:00:00:77", one.Addresses.Mac])
            {
                await NetworkWorld.PythonAsync(one.Path, "forger", two.Addresses.Four.ToString(), one.Addresses.Gateway.ToString(), group, sender);
                sent += 10;
            }
        }

        await NetworkWorld.PythonAsync(one.Path, "forger", one.Addresses.Four.ToString(), one.Addresses.Gateway.ToString(), "01:80:c2:00:00:0e");
        Assert.Equal(before + 40 + sent, await network.SpoofedAsync(CancellationToken.None));
        Assert.Equal(told, await world.ShellAsync(world.Router, $"bridge fdb show br sandboxes | sort; ip neighbour show dev {one.Addresses.Port}"));
        foreach (SandboxNamespace each in (SandboxNamespace[])[one, two])
        {
            Assert.Contains($"{each.Addresses.Mac} dev {each.Addresses.Port} master sandboxes static", told, StringComparison.Ordinal);
            string port = await world.ShellAsync(world.Router, $"bridge -d link show dev {each.Addresses.Port}");
            Assert.Contains("learning off flood off", port, StringComparison.Ordinal);
        }

        Assert.Contains($"{two.Addresses.Four} lladdr {two.Addresses.Mac}", neighbours, StringComparison.Ordinal);
        Assert.Contains($"{two.Addresses.Four} lladdr {two.Addresses.Mac}", await world.ShellAsync(world.Router, "ip neighbour show dev sandboxes"), StringComparison.Ordinal);
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(two.Path, "203.0.113.7"), StringComparison.Ordinal);
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task Where_the_host_forwards_IPv6_sandboxes_have_it_with_the_same_rules()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync(six: true);
        await using SandboxNetwork network = await world.OpenAsync();
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        SandboxNamespace two = await network.TakeAsync(CancellationToken.None);

        Assert.True(network.HasSix);
        Assert.Equal("ok 2001:db8:1::1", await NetworkWorld.ConnectAsync(one.Path, "2001:db8:2::2"));
        Assert.Equal("EACCES", await NetworkWorld.ConnectAsync(one.Path, "2001:db8:1::1"));
        Assert.Equal("EACCES", await NetworkWorld.ConnectAsync(one.Path, "fd00::1"));

        // A neighbour of the host's has a public address, and is none the less in its own network.
        Assert.Equal("EACCES", await NetworkWorld.ConnectAsync(one.Path, "2001:db8:1::2"));
        Assert.Equal("EACCES", await NetworkWorld.ConnectAsync(one.Path, "64:ff9b::a9fe:a9fe"));
        Assert.NotEqual("ok", (await NetworkWorld.ConnectAsync(one.Path, two.Addresses.Six!.ToString()))[..2]);
        await network.ApplyAsync(one.Name, new EgressPolicy { Mode = EgressMode.Restricted, Allow = [Rule("[2001:db8:2::/64]:443")] }, CancellationToken.None);
        Assert.Equal("EACCES", await NetworkWorld.ConnectAsync(one.Path, "2001:db8:2::2"));
        Assert.Equal("ok 2001:db8:1::1", await NetworkWorld.ConnectAsync(one.Path, "2001:db8:2::2", 443));
        await network.RemoveAllAsync(CancellationToken.None);
    }

    private static EgressRule Rule(string text) => EgressRule.TryParse(text, out EgressRule? rule) ? rule! : throw new FormatException(text);
}
