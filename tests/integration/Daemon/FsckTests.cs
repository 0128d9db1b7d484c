using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Faults are made by hand under a running daemon; a look explains them, a repair mends what loses nothing.</summary>
public sealed class FsckTests
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Faults_are_explained_and_what_loses_nothing_is_mended_while_all_else_goes_on()
    {
        await using TestDaemon daemon = new(("pool.size", "0"), ("storage.driver", "copy"));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        string image = await images.HaveAsync(TestImages.Busybox);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        string id = await client.NewAsync(image);
        await client.RunAsync(id, "echo first > /file");
        string lost = await client.SnapshotAsync(id);
        await client.RunAsync(id, "echo second > /file");
        string kept = await client.SnapshotAsync(id);
        Assert.Empty(await FindingsAsync(administrator, "GET"));

        string layers = Path.Combine(daemon.DataDir, "layers");
        Directory.Delete(Path.Combine(layers, "sealed", lost.Replace('_', '-')), recursive: true);
        Directory.CreateDirectory(Path.Combine(layers, "live", "lyr-0123456789ab", "upper"));
        Directory.CreateDirectory(Path.Combine(layers, "sealed", "snap-0123456789ab", "upper"));

        string[] wrong = ["lyr-0123456789ab unnamed_layer", $"{lost} missing_snapshot", "snap-0123456789ab unnamed_layer"];
        Assert.Equal(Array.ConvertAll(wrong, w => $"{w} repairable").Order(), await FindingsAsync(administrator, "GET"));
        Assert.True(Directory.Exists(Path.Combine(layers, "live", "lyr-0123456789ab")), "a look has changed something");
        Assert.Equal(Array.ConvertAll(wrong, w => $"{w} repaired").Order(), await FindingsAsync(administrator, "POST"));

        Assert.Empty(await FindingsAsync(administrator, "GET"));
        JsonArray left = (await client.SendAsync("GET", $"/sandboxes/{id}/snapshots", null, 200))["items"]!.AsArray();
        Assert.Equal([kept], left.Select(s => (string)s!["id"]!));
        await client.RollbackAsync(id, kept);
        Assert.Equal("second\n", await client.RunAsync(id, "cat /file"));
        await client.DeleteAsync(id);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Changes_under_way_are_no_findings()
    {
        await using TestDaemon daemon = new(("pool.size", "1"));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        string image = await images.HaveAsync(TestImages.Busybox);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        string id = await client.NewAsync(image);
        string snapshot = await client.SnapshotAsync(id);
        using CancellationTokenSource stop = new();
        Task changing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await client.RollbackAsync(id, snapshot);
                await client.SnapshotAsync(id);
            }
        });

        for (int i = 0; i < 10; i++)
        {
            Assert.Empty(await FindingsAsync(administrator, "POST"));
        }

        await stop.CancelAsync();
        await changing;
        await client.DeleteAsync(id);
    }

    private static async Task<string[]> FindingsAsync(DaemonClient administrator, string method) =>
    [
        .. (await administrator.SendAsync(method, "/admin/fsck", null, 200))["items"]!.AsArray()
            .Select(f => $"{f!["subject"]} {f["kind"]} {f["outcome"]}").Order(),
    ];
}
