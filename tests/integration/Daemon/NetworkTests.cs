using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Network;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Sandboxes on a network, from the inside: a daemon whose packets leave through a namespace with a world behind it.</summary>
[Collection(NetworkCollection.Name)]
public sealed class NetworkTests(NetworkFixture fixture)
{
    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.Networking)]
    public async Task A_sandbox_is_on_the_network_from_its_first_second_and_over_everything_that_happens_to_it()
    {
        JsonObject made = await Client.CreateAsync(TestImages.Busybox, new JsonObject { ["name"] = "first" });
        string id = (string)made["sandbox_id"]!;
        Assert.Equal(("bridge", """{"mode":"open"}"""), ((string?)made["network"], made["egress"]!.ToJsonString()));
        await ConnectedAsync(id, "first");
        string[] address = (await Client.RunAsync(id, "ip -o -4 address show dev eth0 | sed 's/.*inet //; s,/.*,,'")).Split('\n');
        Assert.Contains($"{address[0]} first\n", await Client.RunAsync(id, "cat /etc/hosts; echo") + "\n", StringComparison.Ordinal);

        // The daemon's death is noticed by nobody but those who look up names meanwhile.
        string running = await Client.StartAsync(id, "sleep 2; nc -w 20 198.51.100.2 80 < /dev/null");
        await fixture.Daemon.KillAsync();
        await fixture.Daemon.StartAsync();
        Assert.Equal("198.51.100.1", (await Client.FinalAsync(id, running)).Stdout.Trim());
        await ConnectedAsync(id, "after a kill");

        string snapshot = await Client.SnapshotAsync(id);
        foreach (string fork in await Client.ForkAsync(id, 2, snapshot))
        {
            await ConnectedAsync(fork, "fork");
            Assert.NotEqual(0, (await Client.ExecAsync(fork, $"nc -w 5 {address[0]} 80 < /dev/null")).ExitCode);
            await Client.DeleteAsync(fork);
        }

        await Client.RollbackAsync(id, snapshot);
        await ConnectedAsync(id, "rolled back");
        await Client.DeleteAsync(id);
    }

    [HostFact(Need.Root, Need.Containerd, Need.Networking)]
    public async Task A_policy_of_its_own_holds_and_bad_ones_are_refused()
    {
        JsonObject made = await Client.CreateAsync(
            TestImages.Busybox, new JsonObject
            {
                ["network"] = new JsonObject { ["mode"] = "restricted", ["allow"] = new JsonArray("203.0.113.0/24:80"), ["deny"] = new JsonArray("203.0.113.9") },
            });
        string id = (string)made["sandbox_id"]!;
        Assert.Equal("""{"mode":"restricted","allow":["203.0.113.0/24:80"],"deny":["203.0.113.9"]}""", made["egress"]!.ToJsonString());
        Assert.Equal("198.51.100.1", (await Client.RunAsync(id, "nc -w 20 203.0.113.7 80 < /dev/null")).Trim());
        Assert.NotEqual(0, (await Client.ExecAsync(id, "nc -w 20 203.0.113.7 443 < /dev/null")).ExitCode);
        Assert.NotEqual(0, (await Client.ExecAsync(id, "nc -w 20 198.51.100.2 80 < /dev/null")).ExitCode);

        // Changed while it runs, and counted; what is shown may be a second old.
        JsonObject shown = [];
        await Poll.UntilAsync(
            async () => (long)(shown = await Client.SendAsync("GET", $"/sandboxes/{id}/network", null, 200))["refused_packets"]! >= 2, 60, () => shown.ToJsonString());
        Assert.Equal(("restricted", 1), ((string?)shown["mode"], shown["addresses"]!.AsArray().Count));
        Assert.Equal((long)shown["refused_packets"]!, (long)shown["refused_by"]!["not_allowed"]!);
        await Poll.UntilAsync(
            async () => (long?)(await Client.GetAsync(id))["refused_packets"] >= 2, 60, () => "the sandbox's view does not tell of refused packets");
        using (EventStream stream = await EventStream.OpenAsync(fixture.Daemon, Client, $"/events?sandbox_id={id}&types=network.", "0"))
        {
            JsonObject told = (await stream.NextAsync() ?? throw new InvalidOperationException("the stream ended")).Data["data"]!.AsObject();
            Assert.True((long)told["refused_packets"]! >= 1 && (long)told["refused_packets"]! == (long)told["refused_by"]!["not_allowed"]!, told.ToJsonString());
        }

        JsonObject open = await Client.SendAsync("PUT", $"/sandboxes/{id}/network", new JsonObject { ["mode"] = "open", ["deny"] = new JsonArray("203.0.113.7:443") }, 200);
        Assert.Equal("""["203.0.113.7:443"]""", open["deny"]!.ToJsonString());
        Assert.Equal("198.51.100.1", (await Client.RunAsync(id, "nc -w 20 world.example 80 < /dev/null")).Trim());
        Assert.NotEqual(0, (await Client.ExecAsync(id, "nc -w 20 203.0.113.7 443 < /dev/null")).ExitCode);
        await Client.SendAsync("PUT", $"/sandboxes/{id}/network", new JsonObject { ["mode"] = "restricted", ["allow"] = new JsonArray("203.0.113.7:80") }, 200);

        // A name would be a way out.
        Assert.NotEqual(0, (await Client.ExecAsync(id, "nslookup world.example")).ExitCode);
        await fixture.Daemon.KillAndRestartAsync();
        Assert.Equal("198.51.100.1", (await Client.RunAsync(id, "nc -w 20 203.0.113.7 80 < /dev/null")).Trim());
        Assert.NotEqual(0, (await Client.ExecAsync(id, "nslookup world.example")).ExitCode);
        await Client.DeleteAsync(id);

        // Loopback alone.
        string none = await Client.NewAsync(TestImages.Busybox, new JsonObject { ["network"] = "none" });
        Assert.Equal("1", (await Client.RunAsync(none, "ip -o link | wc -l")).Trim());
        Assert.Null((await Client.GetAsync(none))["egress"]);
        (int refused, JsonObject why) = await Client.CallAsync("PUT", $"/sandboxes/{none}/network", new JsonObject { ["mode"] = "open" });
        Assert.Equal((400, $"bad request: sandbox {none} was made with network none, so there is nothing to open; make one with network bridge"), (refused, (string?)why["error"]));
        await Client.DeleteAsync(none);

        foreach ((string body, string error) in ((string, string)[])
        [
            ("""{"mode":"closed"}""", "bad request: network.mode must be one of: open, restricted, none"),
            ("""{"mode":"restricted","allow":["10.1.2.3:80"]}""", "bad request: network.allow[0] 10.1.2.3:80 lies in 10.0.0.0/8, which only the operator can open, with the setting network.reachable"),
            ("""{"mode":"restricted","allow":["198.51.100.1:443"]}""", "bad request: network.allow[0] 198.51.100.1:443 is an address of this host, which only the operator can open, with the setting network.reachable"),
            ("""{"mode":"restricted","allow":["2001:db8:1::2"]}""", "bad request: network.allow[0] 2001:db8:1::2 lies in 2001:db8:1::/64, a network at this host, which only the operator can open, with the setting network.reachable"),
            ("""{"mode":"open","allow":["203.0.113.7"]}""", "bad request: network.allow counts only with network.mode restricted"),
            ("""{"mode":"open","deny":["nowhere"]}""", "bad request: network.deny[0] is 'nowhere', must be an address"),
            ("""{"mode":"open","allow":["world.example"]}""", "bad request: network.allow counts only with network.mode restricted"),
            ("""{"mode":"open","deny":["world.example:80"]}""", "bad request: network.deny[0] is 'world.example:80': a denied name is not answered at all, and has no ports"),
        ])
        {
            (int status, JsonObject reply) = await Client.CallAsync("POST", "/sandboxes", new JsonObject { ["image"] = TestImages.Busybox, ["network"] = JsonNode.Parse(body) });
            Assert.Equal(400, status);
            Assert.StartsWith(error, (string)reply["error"]!, StringComparison.Ordinal);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.Networking)]
    public async Task A_name_in_a_policy_opens_its_addresses_over_a_killed_daemon_and_until_it_is_removed()
    {
        JsonObject made = await Client.CreateAsync(
            TestImages.Busybox, new JsonObject { ["network"] = new JsonObject { ["mode"] = "restricted", ["allow"] = new JsonArray("World.Example:80", "198.51.100.2:443") } });
        string id = (string)made["sandbox_id"]!;
        Assert.Equal("""{"mode":"restricted","allow":["198.51.100.2:443","world.example:80"]}""", made["egress"]!.ToJsonString());

        // By the name alone, and from the first packet on.
        Assert.NotEqual(0, (await Client.ExecAsync(id, "nc -w 20 203.0.113.7 80 < /dev/null")).ExitCode);
        long refused = 0;
        await Poll.UntilAsync(async () => (refused = (long)(await ShownAsync(id))["refused_packets"]!) > 0, 60, () => "no packet is counted as refused");
        Assert.Equal("198.51.100.1", (await Client.RunAsync(id, "nc -w 20 world.example 80 < /dev/null")).Trim());
        Assert.Equal(refused, (long)(await ShownAsync(id))["refused_packets"]!);
        Assert.NotEqual(0, (await Client.ExecAsync(id, "nc -w 20 203.0.113.7 443 < /dev/null")).ExitCode);
        Assert.NotEqual(0, (await Client.ExecAsync(id, "nc -w 20 other.example 80 < /dev/null")).ExitCode);
        Assert.True((long)(await ShownAsync(id))["refused_names"]! > 0);

        await fixture.Daemon.KillAndRestartAsync();
        Assert.Equal("198.51.100.1", (await Client.RunAsync(id, "nc -w 20 203.0.113.7 80 < /dev/null")).Trim());
        Assert.Equal("198.51.100.1", (await Client.RunAsync(id, "nc -w 20 world.example 80 < /dev/null")).Trim());
        Assert.Equal("198.51.100.1", (await Client.RunAsync(id, "nc -w 20 203.0.113.7 80 < /dev/null")).Trim());

        await Client.SendAsync("PUT", $"/sandboxes/{id}/network", new JsonObject { ["mode"] = "restricted", ["allow"] = new JsonArray("*.world.example", "198.51.100.2:443") }, 200);
        Assert.NotEqual(0, (await Client.ExecAsync(id, "nc -w 20 203.0.113.7 80 < /dev/null")).ExitCode);
        Assert.NotEqual(0, (await Client.ExecAsync(id, "nc -w 20 world.example 80 < /dev/null")).ExitCode);
        Assert.Equal("198.51.100.1", (await Client.RunAsync(id, "nc -w 20 198.51.100.2 443 < /dev/null")).Trim());

        // A fork has the same names, and asks for itself.
        await Client.SendAsync("PUT", $"/sandboxes/{id}/network", new JsonObject { ["mode"] = "restricted", ["allow"] = new JsonArray("world.example") }, 200);
        string fork = (await Client.ForkAsync(id, 1, await Client.SnapshotAsync(id)))[0];
        Assert.NotEqual(0, (await Client.ExecAsync(fork, "nc -w 20 203.0.113.7 80 < /dev/null")).ExitCode);
        Assert.Equal("198.51.100.1", (await Client.RunAsync(fork, "nc -w 20 world.example 80 < /dev/null")).Trim());
        await Client.DeleteAsync(fork);
        await Client.DeleteAsync(id);

        async Task<JsonObject> ShownAsync(string sandbox) => await Client.SendAsync("GET", $"/sandboxes/{sandbox}/network", null, 200);
    }

    [HostFact(Need.Root, Need.Containerd, Need.Networking)]
    public async Task A_policy_is_in_force_though_the_network_could_not_be_opened_at_the_start()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        using TestDirectory folder = new();
        string plugins = folder.Make("plugins");
        foreach (string plugin in (string[])["loopback", "bridge", "host-local"])
        {
            File.CreateSymbolicLink($"{plugins}/{plugin}", $"/usr/lib/cni/{plugin}");
        }

        await using TestDaemon daemon = new(
            ("network.uplink_namespace", world.Host), ("network.pool_size", "0"), ("pool.size", "0"), ("network.plugins", plugins));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        await images.HaveAsync(TestImages.Busybox);
        string id = await client.NewAsync(TestImages.Busybox, new JsonObject { ["network"] = "bridge" });
        Assert.Equal("198.51.100.1", (await client.RunAsync(id, "nc -w 20 203.0.113.7 80 < /dev/null")).Trim());

        await daemon.KillAsync();
        File.Delete($"{plugins}/bridge");
        await daemon.StartAsync();
        File.CreateSymbolicLink($"{plugins}/bridge", "/usr/lib/cni/bridge");
        await client.SendAsync("PUT", $"/sandboxes/{id}/network", new JsonObject { ["mode"] = "none" }, 200);

        Assert.NotEqual(0, (await client.ExecAsync(id, "nc -w 20 203.0.113.7 80 < /dev/null")).ExitCode);
        await client.SendAsync("PUT", $"/sandboxes/{id}/network", new JsonObject { ["mode"] = "open" }, 200);
        Assert.Equal("198.51.100.1", (await client.RunAsync(id, "nc -w 20 203.0.113.7 80 < /dev/null")).Trim());
        await client.DeleteAsync(id);
    }

    [HostFact(Need.Root, Need.Containerd, Need.Networking)]
    public async Task A_host_that_lacks_what_a_network_takes_has_a_daemon_and_creates_say_what_is_missing_until_it_is_there()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        using TestDirectory folder = new();
        string plugins = folder.Make("plugins");
        await using TestDaemon daemon = new(
            ("network.uplink_namespace", world.Host), ("network.pool_size", "1"), ("pool.size", "1"), ("network.plugins", plugins));
        daemon.Unset("sandbox.network");
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        await images.HaveAsync(TestImages.Busybox);

        (int status, JsonObject refused) = await client.CallAsync("POST", "/sandboxes", new JsonObject { ["image"] = TestImages.Busybox });
        Assert.Equal((400, "unsupported_on_host"), (status, (string?)refused["code"]));
        Assert.Equal(
            $"bad request: no network was named, and the default, bridge, is not available on this host: there is no CNI plugin {plugins}/loopback; "
            + "sleighctl doctor says how to get it, and sandbox.network: none does without", (string?)refused["error"]);

        // Loopback alone can be had, and lies parked meanwhile.
        string none = await client.NewAsync(TestImages.Busybox, new JsonObject { ["network"] = "none" });
        Assert.Equal("1", (await client.RunAsync(none, "ip -o link | wc -l")).Trim());
        await client.DeleteAsync(none);

        foreach (string plugin in (string[])["loopback", "bridge", "host-local"])
        {
            File.CreateSymbolicLink($"{plugins}/{plugin}", $"/usr/lib/cni/{plugin}");
        }

        string id = await client.NewAsync(TestImages.Busybox);
        Assert.Equal("198.51.100.1", (await client.RunAsync(id, "nc -w 20 203.0.113.7 80 < /dev/null")).Trim());
        await client.DeleteAsync(id);
    }

    private async Task ConnectedAsync(string id, string when)
    {
        ExecReply reply = await Client.ExecAsync(id, "nc -w 20 world.example 80 < /dev/null && nc -w 20 198.51.100.2 443 < /dev/null; cat /etc/resolv.conf");
        Assert.True(reply.Stdout.StartsWith("198.51.100.1\n198.51.100.1\nnameserver 10.87.0.1\n", StringComparison.Ordinal), $"{when}: {reply.Stdout} {reply.Stderr}");
        foreach (string denied in (string[])["192.168.77.2", "198.51.100.1", "169.254.169.254", "203.0.113.66"])
        {
            ExecReply tried = await Client.ExecAsync(id, $"nc -w 20 {denied} 80 < /dev/null");
            Assert.True(tried.ExitCode != 0 && tried.Stdout.Length == 0, $"{when}: {denied} was reached");
        }
    }
}
