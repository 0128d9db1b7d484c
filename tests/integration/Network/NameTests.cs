using System.Globalization;
using Sleigh.Network;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Network;

/// <summary>What names open: questions to the real forwarder, a name server in a world of our own, and packets through the real router.</summary>
public sealed class NameTests
{
    [HostFact(Need.Root, Need.Networking)]
    public async Task A_name_opens_its_addresses_before_they_are_told_and_nothing_else()
    {
        await using NameWorld names = await NameWorld.MakeAsync();
        await using SandboxNetwork network = await names.OpenAsync();
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        SandboxNamespace two = await network.TakeAsync(CancellationToken.None);
        await NameWorld.ApplyAsync(network, one, EgressMode.Restricted, ["world.example:80", "*.wide.example:443", "text.example"], ["no.wide.example"]);
        await NameWorld.ApplyAsync(network, two, EgressMode.Restricted, ["alias.example", "other.example"]);
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"));
        long refused = (await network.RefusedAsync(CancellationToken.None))[one.Name].Total;

        Assert.Equal("0 203.0.113.7", await NameWorld.AskAsync(one, "World.Example"));
        Assert.Equal("ok 198.51.100.1", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"));
        Assert.Equal(refused, (await network.RefusedAsync(CancellationToken.None))[one.Name].Total);
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7", 443));
        Assert.Equal("0 203.0.113.7", await NameWorld.AskAsync(one, "a.b.wide.example", protocol: "tcp"));
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7", 443), StringComparison.Ordinal);
        Assert.Equal("0 words", await NameWorld.AskAsync(one, "text.example", "TXT"));

        // What is not allowed does not exist, and nobody outside hears of it.
        Assert.Equal(0, network.CountsOf(one.Name).Refused);
        foreach (string name in (string[])["wide.example", "no.wide.example", "other.example", "secret.world.example"])
        {
            Assert.Equal("3", await NameWorld.AskAsync(one, name));
        }

        Assert.Equal("3", await NameWorld.AskAsync(one, "other.example", protocol: "tcp"));
        Assert.Equal(new NameCounts(5, 0), network.CountsOf(one.Name));
        Assert.Equal("5", await NameWorld.AskAsync(one, "world.example", "AXFR", "tcp"));
        Assert.Equal(["world.example", "a.b.wide.example", "text.example"], names.Names());

        // Names that lead to others; and a sandbox has what it has asked for itself.
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(two.Path, "203.0.113.7"));
        Assert.Equal("0 203.0.113.7", await NameWorld.AskAsync(two, "alias.example"));
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(two.Path, "203.0.113.7", 443), StringComparison.Ordinal);
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(two.Path, "198.51.100.2"));
        Assert.Equal("0 198.51.100.2", await NameWorld.AskAsync(two, "other.example"));
        Assert.Equal("ok 198.51.100.1", await NetworkWorld.ConnectAsync(two.Path, "198.51.100.2", 443, "udp"));

        // Where everything is open, a denied name is not answered.
        await NameWorld.ApplyAsync(network, two, EgressMode.Open, [], ["*.wide.example"]);
        Assert.Equal("0 203.0.113.7", await NameWorld.AskAsync(two, "world.example"));
        Assert.Equal("3", await NameWorld.AskAsync(two, "a.wide.example"));
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task No_name_opens_a_protected_address_unless_the_operator_has()
    {
        await using NameWorld names = await NameWorld.MakeAsync(six: true);
        string[] allow = ["inner.example", "mixed.example", "host.example", "six.example", "many.example"];
        await using (SandboxNetwork network = await names.OpenAsync())
        {
            SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
            await NameWorld.ApplyAsync(network, one, EgressMode.Restricted, allow);

            Assert.Equal("0", await NameWorld.AskAsync(one, "inner.example"));
            Assert.Equal("0", await NameWorld.AskAsync(one, "host.example"));
            Assert.Equal("0 203.0.113.7", await NameWorld.AskAsync(one, "mixed.example"));
            Assert.Equal(new NameCounts(0, 4), network.CountsOf(one.Name));
            Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"), StringComparison.Ordinal);
            foreach (string address in (string[])["192.168.77.2", "169.254.169.254", "198.51.100.1"])
            {
                Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, address));
            }

            Assert.Equal("EACCES", await NetworkWorld.ConnectAsync(one.Path, "2001:db8:2::2"));
            Assert.Equal("0 2001:db8:2::2", await NameWorld.AskAsync(one, "six.example", "AAAA"));
            Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "2001:db8:2::2"), StringComparison.Ordinal);
            Assert.Equal("EACCES", await NetworkWorld.ConnectAsync(one.Path, "fd00::1"));

            // Too long for a datagram, and too many to be taken.
            Assert.Equal("0+", await NameWorld.AskAsync(one, "many.example"));
            string[] many = (await NameWorld.AskAsync(one, "many.example", protocol: "tcp")).Split(' ')[1..];
            Assert.Equal(128, many.Length);
            string maps = await names.MapsAsync();
            Assert.All(many, address => Assert.Contains($" {address} timeout", maps, StringComparison.Ordinal));
            await network.RemoveAllAsync(CancellationToken.None);
        }

        Assert.True(EgressRule.TryParse("192.168.77.2:443", out EgressRule? open));
        await using SandboxNetwork next = await names.OpenAsync(names.World.Options with { Reachable = [open!] });
        SandboxNamespace two = await next.TakeAsync(CancellationToken.None);
        await NameWorld.ApplyAsync(next, two, EgressMode.Restricted, allow);
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(two.Path, "192.168.77.2", 443));
        Assert.Equal("0 192.168.77.2", await NameWorld.AskAsync(two, "inner.example"));
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(two.Path, "192.168.77.2", 443), StringComparison.Ordinal);
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(two.Path, "192.168.77.2"));
        await next.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task What_a_name_has_opened_outlives_the_daemon_and_goes_with_the_name_and_open_connections_with_it()
    {
        await using NameWorld names = await NameWorld.MakeAsync();
        SandboxNamespace one, gone;
        BackgroundProgram open, other;
        string[] both = ["world.example:80", "other.example"];
        await using (SandboxNetwork network = await names.OpenAsync())
        {
            one = await network.TakeAsync(CancellationToken.None);
            gone = await network.TakeAsync(CancellationToken.None);
            await NameWorld.ApplyAsync(network, one, EgressMode.Restricted, both);
            await NameWorld.ApplyAsync(network, gone, EgressMode.Restricted, both);
            Assert.Equal("0 203.0.113.7", await NameWorld.AskAsync(one, "world.example"));
            Assert.Equal("0 198.51.100.2", await NameWorld.AskAsync(one, "other.example"));
            Assert.Equal("0 198.51.100.2", await NameWorld.AskAsync(gone, "other.example"));
            open = names.World.OpenConnection(one.Path, "203.0.113.7");
            other = names.World.OpenConnection(one.Path, "198.51.100.2");
            Assert.Equal("open", await open.ReadLineAsync());
            Assert.Equal("open", await other.ReadLineAsync());
        }

        // Nobody has the second one any more: its maps go too.
        await using SandboxNetwork next = await names.OpenAsync();
        Assert.Equal([one], (await next.RecoverAsync([one.Name], CancellationToken.None)).Values);
        Assert.DoesNotContain(gone.Name.ToString(), await names.World.NftAsync(names.World.Router, "list", "ruleset"), StringComparison.Ordinal);
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"), StringComparison.Ordinal);
        await NameWorld.ApplyAsync(next, one, EgressMode.Restricted, both);
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"), StringComparison.Ordinal);
        Assert.Equal("before", await open.AskAsync("before"));

        // Its time is over: what is open goes on, and nothing new is opened before it is asked for again.
        string table = $"sleigh_{names.World.Instance}";
        await names.World.NftAsync(names.World.Router, "flush", "map", "inet", table, $"{one.Name}_4_80_80");
        Assert.Equal("still", await open.AskAsync("still"));
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"));

        // Without its name neither old nor new packets pass, while those of the other name do.
        await NameWorld.ApplyAsync(next, one, EgressMode.Restricted, ["other.example"]);
        long before = (await next.RefusedAsync(CancellationToken.None))[one.Name].Total;
        Assert.Equal("sent", await open.AskAsync("!after"));
        await Poll.UntilAsync(
            async () => (await next.RefusedAsync(CancellationToken.None))[one.Name].Total > before, 60, () => "no packet of the open connection was refused");
        Assert.Equal("on", await other.AskAsync("on"));
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "198.51.100.2", 443), StringComparison.Ordinal);
        await NameWorld.ApplyAsync(next, one, EgressMode.Restricted, []);
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, "198.51.100.2", 443));
        Assert.DoesNotContain(one.Name.ToString() + "_", await names.MapsAsync(), StringComparison.Ordinal);

        // A namespace goes with all its maps, while it has them.
        await NameWorld.ApplyAsync(next, one, EgressMode.Restricted, both);
        Assert.Equal("0 203.0.113.7", await NameWorld.AskAsync(one, "world.example"));
        await next.DestroyAsync(one.Name, CancellationToken.None);
        Assert.DoesNotContain("net_", await names.World.NftAsync(names.World.Router, "list", "ruleset"), StringComparison.Ordinal);
        await next.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task Many_that_ask_at_once_are_all_answered_and_what_they_asked_for_is_open()
    {
        await using NameWorld names = await NameWorld.MakeAsync();
        await using SandboxNetwork network = await names.OpenAsync();
        SandboxNamespace[] all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => network.TakeAsync(CancellationToken.None)));
        foreach (SandboxNamespace one in all)
        {
            await NameWorld.ApplyAsync(network, one, EgressMode.Restricted, ["*.wide.example:80", "other.example"]);
        }

        await Task.WhenAll(all.SelectMany(one => Enumerable.Range(0, 6).Select(async i =>
        {
            string address = i % 2 == 0 ? "203.0.113.7" : "198.51.100.2";
            Assert.Equal($"0 {address}", await NameWorld.AskAsync(one, i % 2 == 0 ? $"n{i}.wide.example" : "other.example"));
            Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, address), StringComparison.Ordinal);
        })));

        Assert.All(await network.RefusedAsync(CancellationToken.None), count => Assert.Equal(0, count.Value.Total));
        await Task.WhenAll(all.Select(one => network.DestroyAsync(one.Name, CancellationToken.None)));
        Assert.DoesNotContain("net_", await names.World.NftAsync(names.World.Router, "list", "ruleset"), StringComparison.Ordinal);
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task A_burst_of_questions_is_answered_whole_and_one_that_asks_without_end_is_heard_so_often_and_leaves_the_others_in_peace()
    {
        await using NameWorld names = await NameWorld.MakeAsync();
        await using SandboxNetwork network = await names.OpenAsync();
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        SandboxNamespace two = await network.TakeAsync(CancellationToken.None);
        await NameWorld.ApplyAsync(network, one, EgressMode.Restricted, ["world.example"]);
        await NameWorld.ApplyAsync(network, two, EgressMode.Restricted, ["world.example"]);

        (int answered, _) = await FloodAsync(two, 900);
        Assert.Equal(900, answered);

        Task<(int Answered, double Seconds)> flood = FloodAsync(one, 50_000);
        do
        {
            Assert.Equal("0 203.0.113.7", await NameWorld.AskAsync(two, "world.example"));
        }
        while (!flood.IsCompleted);
        (answered, double seconds) = await flood;
        Assert.InRange(answered, 1000, (int)(1000 + (500 * (seconds + 1))));

        // It is heard again as soon as it asks less.
        Assert.Equal("0 203.0.113.7", await NameWorld.AskAsync(one, "world.example"));
        await network.RemoveAllAsync(CancellationToken.None);

        static async Task<(int Answered, double Seconds)> FloodAsync(SandboxNamespace from, int count)
        {
            string[] said = (await NetworkWorld.PythonAsync(from.Path, "asker", from.Addresses.Gateway.ToString(), $"{count}")).Split(' ');
            return (int.Parse(said[0], CultureInfo.InvariantCulture), double.Parse(said[1], CultureInfo.InvariantCulture));
        }
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task A_sandbox_has_four_connections_to_the_name_server_however_silent_they_are_and_the_others_have_theirs()
    {
        await using NameWorld names = await NameWorld.MakeAsync();
        await using SandboxNetwork network = await names.OpenAsync();
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        SandboxNamespace two = await network.TakeAsync(CancellationToken.None);
        await NameWorld.ApplyAsync(network, one, EgressMode.Restricted, []);
        await NameWorld.ApplyAsync(network, two, EgressMode.Restricted, ["world.example"]);

        BackgroundProgram holder = names.World.Start(one.Path, "streams", one.Addresses.Gateway.ToString(), "12");
        Assert.Equal("4", await holder.ReadLineAsync());
        Assert.Equal("0 203.0.113.7", await NameWorld.AskAsync(two, "world.example", protocol: "tcp"));

        // Those that are closed give their places back.
        string? again = "";
        await Poll.UntilAsync(async () => (again = await holder.AskAsync("")) == "4", 60, () => $"after closing: {again}");
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task A_policy_that_is_in_force_is_not_written_again_and_another_one_is()
    {
        await using NameWorld names = await NameWorld.MakeAsync();
        await using SandboxNetwork network = await names.OpenAsync(names.World.Options with { FirstPolicy = () => Policy("world.example") });
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        string made = await RulesAsync();

        // Made ahead without the maps of its names.
        await network.EnsureAsync(one.Name, Policy("world.example"), CancellationToken.None);
        string written = await RulesAsync();
        Assert.NotEqual(made, written);
        await network.EnsureAsync(one.Name, Policy("world.example"), CancellationToken.None);
        Assert.Equal(written, await RulesAsync());

        await network.EnsureAsync(one.Name, Policy("other.example"), CancellationToken.None);
        Assert.NotEqual(written, await RulesAsync());
        await network.RemoveAllAsync(CancellationToken.None);

        static EgressPolicy Policy(string name) => new() { Mode = EgressMode.Restricted, AllowNames = [NameWorld.Rule(name)] };

        // Each rule with the handle that it got when it was written.
        Task<string> RulesAsync() => names.World.NftAsync(names.World.Router, "-a", "list", "chain", "inet", $"sleigh_{names.World.Instance}", one.Name.ToString());
    }
}
