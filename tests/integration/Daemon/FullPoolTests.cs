using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>The layer store is full: commands see ENOSPC, calls are 507, nothing is half made, and deleting helps.</summary>
public sealed class FullPoolTests
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("N7", Part = "none on a full disk")]
    public async Task A_full_pool_refuses_what_it_cannot_hold_and_recovers_when_a_sandbox_is_deleted()
    {
        await using TestDaemon daemon = new(("storage.pool_size", "256MiB"), ("storage.driver", "btrfs"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        string keeps = await client.NewAsync(image);
        await client.RunAsync(keeps, "echo kept > /file");
        string snapshot = await client.SnapshotAsync(keeps);
        string fills = await client.NewAsync(image);

        ExecReply full = await client.ExecAsync(fills, "dd if=/dev/urandom of=/big bs=1048576; i=0; while echo $i > /small-$i; do i=$((i+1)); [ $i -lt 5000 ] || break; done");
        Assert.Contains("No space left on device", full.Stdout + full.Stderr, StringComparison.Ordinal);
        Assert.Equal("kept\n", await client.RunAsync(keeps, "cat /file"));

        // Whether a new layer still fits is up to btrfs; either it works, or it is refused whole.
        int refused = 0;
        for (int i = 0; i < 6; i++)
        {
            foreach ((string path, JsonObject? body) in ((string, JsonObject?)[])
                [("/sandboxes", new JsonObject { ["image"] = image }), ($"/sandboxes/{fills}/snapshots", null), ($"/sandboxes/{keeps}/fork", null)])
            {
                (int status, JsonObject reply) = await client.CallAsync("POST", path, body);
                Assert.True(status is 201 or 507, $"{path}: {status} {reply.ToJsonString()}\n{daemon.LogTail}");
                if (status == 507)
                {
                    Assert.Equal("disk_full", (string?)reply["code"]);
                    refused++;
                }
            }
        }

        await Consistency.SettledAsync(daemon);
        Assert.Equal(200, (await client.CallAsync("GET", "/healthz")).Status);
        await client.DeleteAsync(fills);
        // The blocks are free at once, but btrfs gives out those of its only data chunk again only with its next round, each half minute.
        await Poll.UntilAsync(
            async () => (await client.ExecAsync(keeps, "dd if=/dev/zero of=/room bs=1048576 count=20 && rm /room")).ExitCode == 0, 70, () => "deleting a sandbox gave no room");
        await client.RollbackAsync(keeps, snapshot);
        Assert.Equal("kept\n", await client.RunAsync(keeps, "cat /file"));
        await Consistency.SettledAsync(daemon);
    }
}
