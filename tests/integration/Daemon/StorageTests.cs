using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>What the administrator sees of the disk, the pool's growth and its check.</summary>
public sealed class StorageTests
{
    private const long MiB = 1 << 20;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task The_disk_is_shown_by_sandbox_and_the_pool_grows_under_them()
    {
        await using TestDaemon daemon = new(("storage.driver", "btrfs"), ("storage.pool_size", "1GiB"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        string free = await client.NewAsync(image, new JsonObject { ["name"] = "free" });
        await client.RunAsync(free, "dd if=/dev/urandom of=/file bs=1M count=20; sync");

        JsonObject before = await administrator.SendAsync("GET", "/admin/storage", null, 200);
        JsonObject row = before["items"]!.AsArray().Single()!.AsObject();
        Assert.Equal(("btrfs", 1024 * MiB, false), ((string?)before["driver"], (long)before["pool"]!["size_bytes"]!, (bool)before["quota"]!["on"]!));
        Assert.Equal((free, "free", false), ((string?)row["sandbox_id"], (string?)row["name"], row.ContainsKey("live_bytes")));
        JsonObject measured = (await administrator.SendAsync("GET", "/admin/storage?measure=true", null, 200))["items"]![0]!.AsObject();
        Assert.InRange((long)measured["live_bytes"]!, 20 * MiB, 21 * MiB);

        string limited = await client.NewAsync(image, new JsonObject { ["disk_limit_mb"] = 64 });
        await client.RunAsync(limited, "dd if=/dev/urandom of=/file bs=1M count=30");
        await client.SnapshotAsync(limited);
        await client.RunAsync(limited, "rm /file; dd if=/dev/urandom of=/other bs=1M count=10; sync");
        JsonObject counted = await administrator.SendAsync("GET", "/admin/storage", null, 200);
        JsonObject own = counted["items"]!.AsArray().Single(i => (string?)i!["sandbox_id"] == limited)!.AsObject();
        Assert.Equal((true, 64, 1), ((bool)counted["quota"]!["on"]!, (int)own["disk_limit_mb"]!, (int)own["snapshots"]!));
        Assert.InRange((long)own["live_exclusive_bytes"]!, 10 * MiB, 11 * MiB);
        Assert.InRange((long)own["snapshot_bytes"]!, 30 * MiB, 31 * MiB);

        string running = await client.StartAsync(free, "while ! [ -e /stop ]; do echo x >> /log; done");
        JsonObject grown = await administrator.SendAsync("POST", "/admin/storage/grow", new JsonObject { ["bytes"] = 2048 * MiB }, 200);
        Assert.Equal((2048 * MiB, 2048 * MiB), ((long)grown["pool"]!["size_bytes"]!, (long)grown["total_bytes"]!));
        await client.RunAsync(free, "touch /stop");
        Assert.Equal("succeeded", (await client.FinalAsync(free, running)).Status);
        JsonObject refused = await administrator.SendAsync("POST", "/admin/storage/grow", new JsonObject { ["bytes"] = 1024 * MiB }, 400);
        Assert.Equal($"bad request: bytes is {1024 * MiB}, and the pool has {2048 * MiB} already; it cannot shrink", (string?)refused["error"]);

        await daemon.KillAndRestartAsync();
        Assert.Equal(2048 * MiB, (long)(await administrator.SendAsync("GET", "/admin/storage", null, 200))["total_bytes"]!);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_check_finds_a_damaged_block_and_its_result_stays_and_one_that_was_cut_off_says_so()
    {
        await using TestDaemon daemon = new(("storage.driver", "btrfs"), ("storage.pool_size", "1GiB"), ("pool.size", "0"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        string id = await client.NewAsync(await images.HaveAsync(TestImages.Busybox));
        byte[] content = new byte[1 << 20];
        Random.Shared.NextBytes(content);
        using (ByteArrayContent file = new(content))
        {
            Assert.Equal(201, (await client.CallAsync("PUT", $"/sandboxes/{id}/files?path=/file", file)).Status);
        }

        await client.SnapshotAsync(id);
        Assert.Empty((await ReadAsync(administrator))["scrub"]!.AsObject());
        JsonObject good = await CheckedAsync(administrator);
        Assert.Equal(("completed", 100, 0), ((string?)good["outcome"], (int)good["percent"]!, (int)good["errors"]!));
        Assert.True((long)good["checked_bytes"]! > content.Length);
        Assert.Empty(await FindingsAsync(administrator));

        SpoiledBlock.In(Path.Combine(daemon.DataDir, "pool.btrfs"), content);
        JsonObject bad = await CheckedAsync(administrator);
        Assert.Equal(("completed", 1, 1, 1), ((string?)bad["outcome"], (int)bad["errors"]!, (int)bad["checksum_errors"]!, (int)bad["uncorrectable"]!));
        Assert.Equal(["disk_errors", "scrub_errors"], await FindingsAsync(administrator));
        JsonNode seen = (await administrator.SendAsync("GET", "/admin/doctor", null, 200))["items"]!.AsArray().Single(c => (string?)c!["name"] == "disk errors")!;
        Assert.Equal("warn", (string?)seen["result"]);
        Assert.Contains("1 corruption_errs of device 1", (string)seen["seen"]!, StringComparison.Ordinal);
        Assert.Contains("found 1 errors, of which 1 stay", await File.ReadAllTextAsync(daemon.LogFile), StringComparison.Ordinal);

        Assert.Equal(0, await daemon.TerminateAsync());
        daemon.Variables["SLEIGH_TEST_DIE_AT"] = "scrub-1";
        await daemon.StartAsync();
        Assert.Equal(bad.ToJsonString(), (await ReadAsync(administrator))["scrub"]!["last"]!.ToJsonString());
        await Assert.ThrowsAnyAsync<Exception>(() => administrator.SendAsync("POST", "/admin/storage/scrub", null, 200));
        await Poll.UntilAsync(() => !daemon.IsAlive, 60, () => "the daemon never began the check");
        daemon.Variables.Remove("SLEIGH_TEST_DIE_AT");
        await daemon.StartAsync();
        JsonObject cut = (await ReadAsync(administrator))["scrub"]!.AsObject();
        Assert.Equal(("interrupted", false, false), ((string?)cut["last"]!["outcome"], cut.ContainsKey("running"), cut["last"]!.AsObject().ContainsKey("ended_at")));
        Assert.Contains("did not come to its end (Interrupted at 0 %): the daemon was killed", await File.ReadAllTextAsync(daemon.LogFile), StringComparison.Ordinal);
        JsonObject none = await administrator.SendAsync("POST", "/admin/storage/scrub", new JsonObject { ["cancel"] = true }, 200);
        Assert.Equal("no check is under way", (string?)none["warning"]);
        await client.DeleteAsync(id);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Without_btrfs_a_check_is_refused()
    {
        await using TestDaemon daemon = new(("storage.driver", "copy"), ("pool.size", "0"));
        await daemon.StartAsync();
        using DaemonClient administrator = DaemonClient.Administrator(daemon);

        JsonObject refused = await administrator.SendAsync("POST", "/admin/storage/scrub", null, 400);

        Assert.Equal("unsupported_on_host", (string?)refused["code"]);
        Assert.Equal("the layers are not on btrfs, which alone keeps checksums of all that it holds: check the disk below with its own tools", (string?)refused["error"]);
        Assert.Empty((await ReadAsync(administrator))["scrub"]!.AsObject());
    }

    private static Task<JsonObject> ReadAsync(DaemonClient administrator) => administrator.SendAsync("GET", "/admin/storage", null, 200);

    // Begins a check and gives its result.
    private static async Task<JsonObject> CheckedAsync(DaemonClient administrator)
    {
        Assert.False((await administrator.SendAsync("POST", "/admin/storage/scrub", null, 200)).ContainsKey("warning"));
        JsonObject scrub = [];
        await Poll.UntilAsync(
            async () =>
            {
                scrub = (await ReadAsync(administrator))["scrub"]!.AsObject();
                return !scrub.ContainsKey("running");
            },
            120, () => $"it does not end: {scrub.ToJsonString()}");
        return scrub["last"]!.AsObject();
    }

    private static async Task<string[]> FindingsAsync(DaemonClient administrator) =>
        [.. (await administrator.SendAsync("GET", "/admin/fsck", null, 200))["items"]!.AsArray().Select(f => (string)f!["kind"]!).Order(StringComparer.Ordinal)];
}
