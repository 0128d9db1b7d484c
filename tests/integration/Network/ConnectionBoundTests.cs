using System.Net;
using Sleigh.Network;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Network;

/// <summary>A sandbox cannot fill the table of connections.</summary>
public sealed class ConnectionBoundTests
{
    private const int Most = 20;

    [HostFact(Need.Root, Need.Networking)]
    public async Task Connections_beyond_the_bound_are_refused_and_counted_until_others_are_closed()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync(world.Options with { ConnectionsPerSandbox = Most });
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        SandboxNamespace two = await network.TakeAsync(CancellationToken.None);

        BackgroundProgram hoarder = world.Start(one.Path, "hoarder", "203.0.113.7", "80", "tcp", "200");
        Assert.Equal($"{Most} EHOSTUNREACH", await hoarder.ReadLineAsync());
        Refusals refused = (await network.RefusedAsync(CancellationToken.None))[one.Name];
        Assert.True(refused.Connections > 0 && refused.Total == refused.Connections, refused.ToString());

        // UDP counts with it, a change of the policy begins no new count, and a neighbour has its own.
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, "198.51.100.2", 443, "udp"));
        await network.ApplyAsync(one.Name, new EgressPolicy { Mode = EgressMode.Restricted, Allow = [EgressRuleOf("0.0.0.0/0")] }, CancellationToken.None);
        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"));
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(two.Path, "203.0.113.7"), StringComparison.Ordinal);
        Assert.Equal(default, (await network.RefusedAsync(CancellationToken.None))[two.Name]);

        // What is closed makes room.
        string? again = "";
        await Poll.UntilAsync(async () => (again = await hoarder.AskAsync("")) == $"{Most} EHOSTUNREACH", 60, () => $"after closing: {again}");
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task Questions_for_names_are_bounded_too_and_the_bound_is_that_of_the_last_start()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork small = await world.OpenAsync(world.Options with { ConnectionsPerSandbox = Most });
        SandboxNamespace one = await small.TakeAsync(CancellationToken.None);
        BackgroundProgram server = world.Start(world.Router, "echo53");
        Assert.Equal("ready", await server.ReadLineAsync());

        BackgroundProgram asker = world.Start(one.Path, "hoarder", one.Addresses.Gateway.ToString(), "53", "udp", "200");
        Assert.Equal($"{Most} EHOSTUNREACH", await asker.ReadLineAsync());

        await using SandboxNetwork large = await world.OpenAsync(world.Options with { ConnectionsPerSandbox = 3 * Most });
        await large.RecoverAsync([one.Name], CancellationToken.None);
        await large.ApplyAsync(one.Name, EgressPolicy.Open, CancellationToken.None);
        BackgroundProgram more = world.Start(one.Path, "hoarder", one.Addresses.Gateway.ToString(), "53", "udp", "200");
        Assert.Equal($"{3 * Most} EHOSTUNREACH", await more.ReadLineAsync());

        await using SandboxNetwork any = await world.OpenAsync(world.Options with { ConnectionsPerSandbox = null });
        await any.RecoverAsync([one.Name], CancellationToken.None);
        await any.ApplyAsync(one.Name, EgressPolicy.Open, CancellationToken.None);
        BackgroundProgram all = world.Start(one.Path, "hoarder", one.Addresses.Gateway.ToString(), "53", "udp", "200");
        Assert.Equal("200 all", await all.ReadLineAsync());
        await any.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task Whoever_gets_the_address_of_one_that_is_gone_has_all_of_his_connections()
    {
        // An address of the sandboxes', and no more.
        await using NetworkWorld world = await NetworkWorld.MakeAsync(six: true);
        await using SandboxNetwork network = await world.OpenAsync(world.Options with { ConnectionsPerSandbox = Most, Subnet = IPNetwork.Parse("10.87.0.0/30") });
        foreach (string address in (string[])["203.0.113.7", "2001:db8:2::2", "203.0.113.7"])
        {
            SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
            Assert.Equal("10.87.0.2", one.Addresses.Four.ToString());
            BackgroundProgram hoarder = world.Start(one.Path, "hoarder", address, "80", "tcp", "200");
            Assert.StartsWith($"{Most} ", await hoarder.ReadLineAsync(), StringComparison.Ordinal);
            Assert.Contains("elements", await OpenedAsync(), StringComparison.Ordinal);
            await network.DestroyAsync(one.Name, CancellationToken.None);
            Assert.DoesNotContain("elements", await OpenedAsync(), StringComparison.Ordinal);
        }

        await network.RemoveAllAsync(CancellationToken.None);

        async Task<string> OpenedAsync()
        {
            string table = $"sleigh_{world.Instance}";
            return await world.NftAsync(world.Router, "list", "set", "inet", table, "opened4") + await world.NftAsync(world.Router, "list", "set", "inet", table, "opened6");
        }
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task What_is_sent_to_one_that_is_gone_does_not_come_to_whoever_gets_its_address()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync(world.Options with { Subnet = IPNetwork.Parse("10.87.0.0/30") });
        Assert.Equal("ready", await world.Start(world.Outside, "late", "203.0.113.7", "7777").ReadLineAsync());
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        Assert.Equal("hello\nnothing\n", await NetworkWorld.PythonAsync(one.Path, "heir", "203.0.113.7", "7777", "first"));
        Assert.Equal("done\nsecret\n", await NetworkWorld.PythonAsync(one.Path, "heir", "203.0.113.7", "7777", "again"));
        await network.DestroyAsync(one.Name, CancellationToken.None);

        SandboxNamespace next = await network.TakeAsync(CancellationToken.None);
        Assert.Equal(one.Addresses.Four, next.Addresses.Four);
        Assert.Equal("done\nnothing\n", await NetworkWorld.PythonAsync(next.Path, "heir", "203.0.113.7", "7777", "again"));
        await network.RemoveAllAsync(CancellationToken.None);
    }

    private static EgressRule EgressRuleOf(string text) => EgressRule.TryParse(text, out EgressRule? rule) ? rule! : throw new FormatException(text);
}
