using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>The pool of parked containers, each test with a daemon of its own.</summary>
[Collection(DaemonCollection.Name)]
public sealed class WarmPoolTests
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_member_killed_from_outside_is_replaced_and_the_pool_outlives_the_daemon()
    {
        await using TestDaemon daemon = new(("pool.size", "2"));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        JsonObject full = await client.SendAsync("POST", "/warm-pool/refill", null, 200);
        Assert.Equal((true, 2, 2, 2), ((bool)full["enabled"]!, (int)full["target_size"]!, (int)full["available"]!, (int)full["refill_total"]!));

        string[] before = Slots(daemon);
        await ToolRunner.RunAsync("kill", "-9", $"{Inits(daemon)[0]}");
        JsonObject pool = null!;
        await Poll.UntilAsync(
            async () => (pool = await administrator.SendAsync("GET", "/admin/pool", null, 200)) is var p
                && (int)p["dropped"]! == 1 && (int)p["available"]! == 2 && Slots(daemon).Length == 2,
            30,
            () => $"{pool.ToJsonString()} {string.Join(' ', Slots(daemon))}");

        Assert.Equal(3, (int)pool["refill_total"]!);
        string[] after = Slots(daemon);
        Assert.Single(after.Intersect(before));

        await daemon.KillAndRestartAsync();
        JsonObject found = await client.SendAsync("GET", "/warm-pool", null, 200);
        Assert.Equal((2, 0, 0, 0), ((int)found["available"]!, (int)found["refill_total"]!, (int)found["hits"]!, (int)found["misses"]!));
        Assert.Equal(after, Slots(daemon));
        JsonObject made = await client.CreateAsync(image);
        Assert.Equal("pool", (string?)made["source"]);
        Assert.Equal("works\n", await client.RunAsync((string)made["sandbox_id"]!, "echo works"));
        JsonObject last = await client.SendAsync("GET", "/warm-pool", null, 200);
        Assert.Equal((1, 0), ((int)last["hits"]!, (int)last["misses"]!));
        await client.DeleteAsync((string)made["sandbox_id"]!);

        // Those that lie there would be made otherwise by now.
        await client.SendAsync("POST", "/warm-pool/refill", null, 200);
        string[] old = Slots(daemon);
        daemon.Set("sandbox.open_files", "4096");
        await daemon.KillAndRestartAsync();
        await client.SendAsync("POST", "/warm-pool/refill", null, 200);
        made = await client.CreateAsync(image);
        Assert.Equal("pool", (string?)made["source"]);
        Assert.Equal("4096\n", await client.RunAsync((string)made["sandbox_id"]!, "ulimit -Hn"));
        await Poll.UntilAsync(() => !Slots(daemon).Intersect(old).Any(), 60, () => string.Join(' ', Slots(daemon)));
        await client.DeleteAsync((string)made["sandbox_id"]!);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_daemon_killed_while_it_fills_the_pool_leaves_nothing_unnamed()
    {
        await using TestDaemon daemon = new(("pool.size", "3"));
        Random random = new(17);
        await daemon.StartAsync();
        for (int round = 0; round < 8; round++)
        {
            // Parked ones die, so that there is something to be made.
            foreach (int pid in Inits(daemon))
            {
                await ToolRunner.RunAsync("sh", "-c", $"kill -9 {pid} || true");
            }

            await Task.Delay(random.Next(0, 250));
            await daemon.KillAndRestartAsync();
        }

        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        Assert.Equal(3, (int)(await client.SendAsync("POST", "/warm-pool/refill", null, 200))["available"]!);
        await Consistency.SettledAsync(daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_hundred_creates_and_commands_at_once_all_succeed_and_as_many_deletes_leave_nothing()
    {
        await using TestDaemon daemon = new(("pool.size", "2"), ("pool.max_size", "4"));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        Assert.Equal(2, (int)(await client.SendAsync("POST", "/warm-pool/refill", null, 200))["available"]!);

        JsonObject[] made = await Task.WhenAll(Enumerable.Range(0, 100).Select(async n =>
        {
            JsonObject sandbox = await client.CreateAsync(image);
            Assert.Equal($"{n}\n", await client.RunAsync((string)sandbox["sandbox_id"]!, $"echo {n} > /n; cat /n"));
            return sandbox;
        }));

        Assert.All(made, AssertPhasesAreTrue);
        JsonObject pool = await administrator.SendAsync("GET", "/admin/pool", null, 200);
        int hits = made.Count(m => (string?)m["source"] == "pool");
        Assert.True(hits >= 2, pool.ToJsonString());
        Assert.Equal((hits, 100 - hits, 4), ((int)pool["hits"]!, (int)pool["misses"]!, (int)pool["target_now"]!));

        await Task.WhenAll(made.Select(m => client.DeleteAsync((string)m["sandbox_id"]!)));

        // The rush is remembered for two minutes: four stay parked.
        string Left() => $"slots {string.Join(' ', Slots(daemon))}, {Leftovers.Processes(daemon).Count()} processes";
        await Poll.UntilAsync(() => Slots(daemon).Length == 4 && Inits(daemon).Length == 4, 120, Left);
        await Poll.UntilAsync(() => Directory.GetDirectories(Path.Combine(daemon.DataDir, "pool", "live")).Length == 0, 60, () => "live layers are left");
        Assert.Equal(4, (int)(await client.SendAsync("GET", "/warm-pool", null, 200))["available"]!);
    }

    private static void AssertPhasesAreTrue(JsonObject made)
    {
        // Each of the six is rounded by itself, the whole is rounded up.
        int sum = made["phases_ms"]!.AsObject().Sum(p => (int)p.Value!);
        Assert.InRange(sum, (int)made["startup_latency_ms"]! - 4, (int)made["startup_latency_ms"]! + 3);
    }

    private static string[] Slots(TestDaemon daemon) =>
        [.. Directory.GetDirectories(Path.Combine(daemon.StateDir, "slots")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    // With a user namespace it is given options.
    private static int[] Inits(TestDaemon daemon) =>
        [.. Leftovers.Processes(daemon).Where(p => p.Line.Split(' ')[0] == "/sleigh-init").Select(p => p.Pid)];
}
