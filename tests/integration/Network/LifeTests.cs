using Sleigh.Linux;
using Sleigh.Network;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Network;

/// <summary>Namespaces come and go without a trace, also where a process dies in between.</summary>
public sealed class LifeTests
{
    [HostFact(Need.Root, Need.Networking)]
    public async Task Whatever_step_a_process_dies_behind_the_next_start_takes_all_of_it_away()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        SandboxNamespace kept;
        await using (SandboxNetwork network = await world.OpenAsync())
        {
            kept = await network.TakeAsync(CancellationToken.None);
            foreach (string step in (string[])["file", "namespace", "link", "result", "port", "rules"])
            {
                network.Factory.Step = done => _ = done == step ? throw new DiedException() : 0;
                await Assert.ThrowsAsync<DiedException>(() => network.TakeAsync(CancellationToken.None));
            }
        }

        Assert.Equal((7, 5, 2), await CountAsync(world));
        await using SandboxNetwork next = await world.OpenAsync();
        IReadOnlyDictionary<NamespaceName, SandboxNamespace> whole = await next.RecoverAsync([kept.Name, NamespaceName.New()], CancellationToken.None);

        Assert.Equal([kept], whole.Values);
        Assert.Equal((1, 1, 1), await CountAsync(world));
        Assert.Equal("ok 198.51.100.1", await NetworkWorld.ConnectAsync(kept.Path, "203.0.113.7"));
        await next.CheckAsync(kept.Name, CancellationToken.None);

        // A namespace whose rules somebody has taken away is not whole, and what is left of it goes.
        await world.NftAsync(world.Router, "flush", "ruleset");
        await using SandboxNetwork after = await world.OpenAsync();
        Assert.Empty(await after.RecoverAsync([kept.Name], CancellationToken.None));
        Assert.Equal((0, 0, 0), await CountAsync(world));
        await after.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task The_next_start_waits_for_a_plugin_that_a_dead_daemon_has_left_at_work()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        string plugins = $"{world.State}/plugins";
        Directory.CreateDirectory(plugins);
        foreach (string plugin in NamespaceFactory.Plugins.Where(p => p != "bridge"))
        {
            File.CreateSymbolicLink($"{plugins}/{plugin}", $"/usr/lib/cni/{plugin}");
        }

        await File.WriteAllTextAsync($"{plugins}/bridge", $"#!/bin/sh\n[ $CNI_COMMAND = ADD ] && touch {world.State}/begun && sleep 3\nexec /usr/lib/cni/bridge\n");
        File.SetUnixFileMode($"{plugins}/bridge", UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using SandboxNetwork network = await world.OpenAsync(world.Options with { PluginDirectory = plugins });
        network.Factory.Step = done => _ = done == "link" ? throw new DiedException() : 0;
        Task<SandboxNamespace> dead = network.TakeAsync(CancellationToken.None);
        await Poll.UntilAsync(() => File.Exists($"{world.State}/begun"), 60, () => "the plugin was not called");

        await using SandboxNetwork next = await world.OpenAsync();
        await next.RecoverAsync([], CancellationToken.None);

        await Assert.ThrowsAsync<DiedException>(() => dead);
        Assert.Equal((0, 0, 0), await CountAsync(world));
        await next.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task Machines_in_a_public_network_at_the_hosts_interface_are_out_of_reach_unless_opened_and_its_gateway_passes_packets_on()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync(world.Options with { Reachable = [EgressRule.TryParse("198.51.100.67", out EgressRule? open) ? open! : throw new FormatException()] });
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        await world.ShellAsync(world.Outside, "ip address add 198.51.100.66/32 dev lo; ip address add 198.51.100.67/32 dev lo; ip address add 198.51.100.130/32 dev lo");
        await world.ShellAsync(world.Host, "ip address add 198.51.100.65/26 dev eth0");
        await network.RefreshAsync(CancellationToken.None);

        Assert.Equal("EHOSTUNREACH", await NetworkWorld.ConnectAsync(one.Path, "198.51.100.66"));
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "198.51.100.67"), StringComparison.Ordinal);
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "198.51.100.130"), StringComparison.Ordinal);
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"), StringComparison.Ordinal);
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task Another_way_out_takes_the_place_of_the_one_before()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        SandboxNamespace kept;
        await using (SandboxNetwork network = await world.OpenAsync(world.Options with { HostNamespace = world.Outside }))
        {
            kept = await network.TakeAsync(CancellationToken.None);
        }

        await using SandboxNetwork next = await world.OpenAsync();
        Assert.Single(await next.RecoverAsync([kept.Name], CancellationToken.None));
        Assert.Equal("ok 198.51.100.1", await NetworkWorld.ConnectAsync(kept.Path, "203.0.113.7"));
        await next.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task One_leftover_that_cannot_be_read_or_removed_does_not_keep_the_network_from_opening()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        SandboxNamespace kept, broken, stuck;
        await using (SandboxNetwork network = await world.OpenAsync())
        {
            kept = await network.TakeAsync(CancellationToken.None);
            broken = await network.TakeAsync(CancellationToken.None);
            stuck = await network.TakeAsync(CancellationToken.None);
        }

        string results = $"{world.State}/network/results";
        await File.WriteAllTextAsync($"{results}/{broken.Name}.json", "{}");
        File.Delete($"{results}/{stuck.Name}.json");
        Directory.CreateDirectory($"{results}/{stuck.Name}.json");
        await using SandboxNetwork next = await world.OpenAsync();
        IReadOnlyDictionary<NamespaceName, SandboxNamespace> whole = await next.RecoverAsync([kept.Name, broken.Name], CancellationToken.None);

        Assert.Equal([kept], whole.Values);
        Assert.False(File.Exists(broken.Path));
        Assert.True(File.Exists(stuck.Path));
        Assert.Equal("ok 198.51.100.1", await NetworkWorld.ConnectAsync(kept.Path, "203.0.113.7"));

        Directory.Delete($"{results}/{stuck.Name}.json");
        await next.RecoverAsync([kept.Name], CancellationToken.None);
        Assert.Equal((1, 1, 1), await CountAsync(world));
        await next.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task Addresses_that_nobody_is_known_to_hold_are_given_back()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync();
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        string files = $"{world.State}/network";

        // All that names it but host-local's own file.
        Mounts.Unmount(one.Path, detach: true);
        File.Delete(one.Path);
        Directory.Delete($"{files}/results", recursive: true);
        Directory.CreateDirectory($"{files}/results");
        await network.RecoverAsync([], CancellationToken.None);

        Assert.False(File.Exists($"{files}/addresses/sleigh-{world.Instance}/{one.Addresses.Four}"));
        Assert.Equal((0, 0, 0), await CountAsync(world));
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task The_host_has_one_link_and_one_table_and_is_afterwards_as_it_was()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await world.NftAsync(world.Host, "add table inet others");
        await world.NftAsync(world.Host, "add chain inet others forward { type filter hook forward priority 0; policy accept; }");
        const string Forwarding = "/proc/sys/net/ipv4/conf/eth0/forwarding";
        string links = await world.ShellAsync(world.Host, "ip -o link | cut -d: -f2");
        string routes = await world.ShellAsync(world.Host, "ip route");
        string rules = await world.NftAsync(world.Host, "list", "ruleset");
        string machine = await ToolRunner.RunAsync("ip", "-o", "link");
        await using SandboxNetwork network = await world.OpenAsync();
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        await using SandboxNetwork again = await world.OpenAsync();

        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"), StringComparison.Ordinal);
        string[] added = [.. (await world.ShellAsync(world.Host, "ip -o link | cut -d: -f2")).Split('\n').Except(links.Split('\n')).Select(l => l.Trim())];
        Assert.Equal($"sleigh-{world.Instance[..8]}@if", Assert.Single(added)[..18]);
        Assert.Equal($"table inet others\ntable inet sleigh_{world.Instance}\n", await world.NftAsync(world.Host, "list", "tables"));
        Assert.Equal("0", NetworkNamespace.ReadFile(world.Host, "/proc/sys/net/ipv4/ip_forward").Trim());
        Assert.Equal("1", NetworkNamespace.ReadFile(world.Host, Forwarding).Trim());
        Assert.Equal("0", NetworkNamespace.ReadFile(world.Host, "/proc/sys/net/ipv4/conf/eth1/forwarding").Trim());
        Assert.Equal(machine, await ToolRunner.RunAsync("ip", "-o", "link"));

        await again.RemoveAllAsync(CancellationToken.None);

        Assert.Equal(links, await world.ShellAsync(world.Host, "ip -o link | cut -d: -f2"));
        Assert.Equal(routes, await world.ShellAsync(world.Host, "ip route"));
        Assert.Equal(rules, await world.NftAsync(world.Host, "list", "ruleset"));
        Assert.Equal("0", NetworkNamespace.ReadFile(world.Host, Forwarding).Trim());
        Assert.Empty(Directory.GetFiles($"{world.State}/network", "*", SearchOption.TopDirectoryOnly));
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task Where_forwarding_is_the_operators_business_nothing_is_switched_on_and_it_is_said()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync(world.Options with { ForwardByInterface = false });

        Assert.False(network.Forwards);
        Assert.Equal("0", NetworkNamespace.ReadFile(world.Host, "/proc/sys/net/ipv4/conf/eth0/forwarding").Trim());
        NetworkNamespace.WriteSetting(world.Host, "/proc/sys/net/ipv4/ip_forward", "1");
        await network.RefreshAsync(CancellationToken.None);
        Assert.True(network.Forwards);
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task The_host_does_not_become_a_router_for_others_and_its_table_comes_back()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync();
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        string table = $"sleigh_{world.Instance}";

        // Somebody in the world takes the host for a router to its private network.
        await world.NftAsync(world.Host, "add table inet seen");
        await world.NftAsync(world.Host, "add chain inet seen forward { type filter hook forward priority 100; policy accept; }");
        await world.NftAsync(world.Host, "add rule inet seen forward iifname eth0 oifname eth1 counter");
        await world.ShellAsync(world.Outside, "ip route add 192.168.77.9/32 via 198.51.100.1");
        Assert.Equal("timeout", await NetworkWorld.ConnectAsync(world.Outside, "192.168.77.9", 80, "udp", seconds: 2));
        await Poll.UntilAsync(
            async () => !(await world.NftAsync(world.Host, "list", "counter", "inet", table, "not_forwarded")).Contains("packets 0 ", StringComparison.Ordinal), 60,
            () => "the packet was not counted");
        Assert.Contains("counter packets 0 ", await world.NftAsync(world.Host, "list", "table", "inet", "seen"), StringComparison.Ordinal);
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"), StringComparison.Ordinal);

        // A firewall's own start flushes everything.
        string rules = await world.NftAsync(world.Host, "-s", "list", "table", "inet", table);
        await world.NftAsync(world.Host, "flush", "ruleset");
        await network.RefreshAsync(CancellationToken.None);
        Assert.Equal(rules, await world.NftAsync(world.Host, "-s", "list", "table", "inet", table));
        Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"), StringComparison.Ordinal);

        // Once it is the operator's own wish, the host forwards for others, and goes on when all of ours is gone.
        NetworkNamespace.WriteSetting(world.Host, "/proc/sys/net/ipv4/ip_forward", "1");
        await network.RefreshAsync(CancellationToken.None);
        Assert.DoesNotContain("eth0", await world.NftAsync(world.Host, "list", "table", "inet", table), StringComparison.Ordinal);
        await network.RemoveAllAsync(CancellationToken.None);
        Assert.Equal("1", NetworkNamespace.ReadFile(world.Host, "/proc/sys/net/ipv4/conf/eth0/forwarding").Trim());
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task Namespaces_lie_ready_and_go_with_a_clean_stop()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        SandboxNamespace one;
        await using (SandboxNetwork network = await world.OpenAsync(world.Options with { PoolSize = 2 }))
        {
            network.Start();
            await Poll.UntilAsync(() => network.Ready == 2, 60, () => $"{network.Ready} namespaces lie ready");
            one = await network.TakeAsync(CancellationToken.None);
            Assert.StartsWith("ok ", await NetworkWorld.ConnectAsync(one.Path, "203.0.113.7"), StringComparison.Ordinal);
            await Poll.UntilAsync(() => network.Ready == 2, 60, () => $"{network.Ready} namespaces lie ready");
        }

        Assert.Equal((1, 1, 1), await CountAsync(world));
        await using SandboxNetwork next = await world.OpenAsync();
        await next.DestroyAsync(one.Name, CancellationToken.None);
        await next.DestroyAsync(one.Name, CancellationToken.None);
        Assert.Equal((0, 0, 0), await CountAsync(world));
        await next.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task Many_at_once_all_get_their_own_address()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync();

        SandboxNamespace[] all = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => network.TakeAsync(CancellationToken.None)));

        Assert.Equal(12, all.Select(n => n.Addresses.Four).Distinct().Count());
        Assert.Equal(12, all.Select(n => n.Addresses.Mac).Distinct().Count());
        Assert.Equal((12, 12, 12), await CountAsync(world));
        await Task.WhenAll(all.Select(n => network.DestroyAsync(n.Name, CancellationToken.None)));
        Assert.Equal((0, 0, 0), await CountAsync(world));
        await network.RemoveAllAsync(CancellationToken.None);
    }

    /// <summary>Namespaces on files, addresses that are taken, and chains of sandboxes; links and what binds senders go with them.</summary>
    private static async Task<(int Files, int Addresses, int Chains)> CountAsync(NetworkWorld world)
    {
        string files = $"{world.State}/network";
        string table = await world.NftAsync(world.Router, "list", "ruleset");
        int chains = table.Split("\tchain net_").Length - 1;
        Assert.Equal(chains * 4, table.Split("\tcounter net_").Length - 1);
        Assert.Equal(chains, table.Split(": goto net_").Length - 1);
        int addresses = Directory.GetFiles($"{files}/addresses/sleigh-{world.Instance}").Count(f => Path.GetFileName(f).Count(c => c == '.') == 3 && !Path.GetFileName(f).StartsWith("last", StringComparison.Ordinal));

        // A namespace is taken down behind the unmount.
        await Poll.UntilAsync(
            async () => (await world.ShellAsync(world.Router, "ip -o link show type veth | grep -c -F 'master sandboxes' || true")).Trim() == $"{addresses}", 60,
            () => $"not {addresses} links at the bridge");
        Assert.Equal(chains * 2, table.Split("\"veth").Length - 1);
        return (Directory.GetFiles($"{files}/namespaces").Length, addresses, chains);
    }

    private sealed class DiedException : Exception;
}
