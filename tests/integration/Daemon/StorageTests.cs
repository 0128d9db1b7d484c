using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>What the administrator sees of the disk, and the pool's growth.</summary>
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
}
