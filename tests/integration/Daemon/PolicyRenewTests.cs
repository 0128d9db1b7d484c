using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Network;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>When the policies of sandboxes that run are written: by a reload those that it changes, and again what could not be.</summary>
public sealed class PolicyRenewTests
{
    [HostFact(Need.Root, Need.Containerd, Need.Networking)]
    public async Task A_reload_writes_the_policies_that_it_changes_and_what_could_not_be_put_in_force_is_tried_again()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        using NftStandIn nft = new();
        await using TestDaemon daemon = new(("network.uplink_namespace", world.Host), ("network.pool_size", "0"), ("pool.size", "0"));
        daemon.Variables["PATH"] = nft.Path;
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon), administrator = DaemonClient.Administrator(daemon);
        await images.HaveAsync(TestImages.Busybox);
        string one = await client.NewAsync(TestImages.Busybox, new JsonObject { ["network"] = "bridge" }), other = await client.NewAsync(
            TestImages.Busybox, new JsonObject { ["network"] = new JsonObject { ["mode"] = "restricted", ["allow"] = new JsonArray("203.0.113.0/24", "world.example") } });
        string[] chains = [await ChainAsync(one), await ChainAsync(other)];
        int[] before = Writes();

        // Nothing about policies is another.
        daemon.Set("exec.kill_grace_seconds", "7");
        await administrator.SendAsync("POST", "/admin/config/reload", null, 200);
        daemon.Set("network.deny", "[203.0.113.66]");
        await administrator.SendAsync("POST", "/admin/config/reload", null, 200);
        await Poll.UntilAsync(() => Task.FromResult(Writes().Zip(before).All(w => w.First > w.Second)), 60, () => "no policy was written");
        Assert.Equal(before.Select(w => w + 1), Writes());

        // What a reload could not put in force.
        nft.Fails = true;
        daemon.Set("network.deny", "[203.0.113.7]");
        await administrator.SendAsync("POST", "/admin/config/reload", null, 200);
        await Poll.UntilAsync(
            () => Task.FromResult(chains.Length == File.ReadLines(daemon.LogFile).Count(l => l.Contains("Could not put the policy of", StringComparison.Ordinal))),
            60, () => daemon.LogTail);
        Assert.True(await ReachesAsync(one) && await ReachesAsync(other));
        nft.Fails = false;
        await Poll.UntilAsync(async () => !await ReachesAsync(one) && !await ReachesAsync(other), 120, () => "the denial was not tried again");

        // What a caller could not put in force is not in force, whatever nft had done.
        daemon.Set("network.deny", "[]");
        await administrator.SendAsync("POST", "/admin/config/reload", null, 200);
        await Poll.UntilAsync(() => ReachesAsync(one), 60, () => "the denial was not taken back");
        nft.Lies = true;
        (int status, JsonObject _) = await client.CallAsync("PUT", $"/sandboxes/{one}/network", new JsonObject { ["mode"] = "none" });
        Assert.Equal(500, status);
        Assert.Equal("open", (string?)(await client.GetAsync(one))["egress"]!["mode"]);
        nft.Lies = false;
        await Poll.UntilAsync(() => ReachesAsync(one), 120, () => "the policy of before was not put in force again");
        await client.DeleteAsync(one);
        await client.DeleteAsync(other);

        int[] Writes() => [.. chains.Select(nft.Writes)];

        async Task<bool> ReachesAsync(string sandbox) => (await client.ExecAsync(sandbox, "nc -w 20 203.0.113.7 80 < /dev/null")).ExitCode == 0;

        // That of the address inside.
        async Task<string> ChainAsync(string sandbox)
        {
            string address = (await client.RunAsync(sandbox, "ip -o -4 address show dev eth0 | sed 's/.*inet //; s,/.*,,'")).Trim();
            string map = await world.NftAsync($"{daemon.StateDir}/network/router", "list", "maps");
            int at = map.IndexOf($" {address} : goto ", StringComparison.Ordinal);
            Assert.True(at >= 0, map);
            return map[at..].Split(' ', 6)[4].TrimEnd('\n', ',').Split('\n', ',')[0];
        }
    }
}
