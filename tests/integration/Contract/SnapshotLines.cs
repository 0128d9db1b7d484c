using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Daemon;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>The checklist's lines about snapshots and rollback, against the daemon as it runs.</summary>
[Collection(ContractCollection.Name)]
public sealed class SnapshotLines(ContractFixture fixture)
{
    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("N2", Part = "a grown limit")]
    public async Task A_rollback_keeps_a_limit_that_has_grown()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(
            TestImages.Busybox, new JsonObject { ["memory_limit_mb"] = 64, ["auto_expand_memory"] = false });
        string snapshot = await sandbox.SnapshotAsync();
        await Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/memory/expand", JsonFields.Of("target_mb", 320), 200);

        JsonObject back = await sandbox.RollbackAsync(snapshot);

        Assert.Equal((320, "running"), ((int)back["memory_limit_mb"]!, (string)back["status"]!));
        Assert.Equal("fits\n", await sandbox.RunAsync("dd if=/dev/zero of=/dev/null bs=200M count=1 2> /dev/null && echo fits"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("N4")]
    public async Task A_rollback_that_fails_leaves_the_sandbox_as_it_was()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("echo then > /file");
        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("echo now > /file");
        string exec = await sandbox.StartAsync("while [ ! -e /stop ]; do sleep 0.05; done; exit 6");
        JsonObject before = await Client.GetAsync(sandbox.Id);
        string pool = Path.Combine(fixture.Daemon.DataDir, "pool");
        string layer = Path.Combine(pool, "sealed", snapshot.Replace('_', '-'));

        // The snapshot's layer is out of reach, and so is what was restored from it ahead.
        Directory.Move(layer, $"{layer}.away");
        foreach (string spare in Directory.GetDirectories(Path.Combine(pool, "live"), $".spare-*{snapshot[5..]}*"))
        {
            Directory.Move(spare, Path.Combine(pool, $"away-{Path.GetFileName(spare)}"));
        }

        int status;
        JsonObject refused;
        try
        {
            (status, refused) = await Client.CallAsync("POST", $"/sandboxes/{sandbox.Id}/rollback", JsonFields.Of("snapshot_id", snapshot));
        }
        finally
        {
            Directory.Move($"{layer}.away", layer);
            foreach (string spare in Directory.GetDirectories(pool, "away-*"))
            {
                Directory.Move(spare, Path.Combine(pool, "live", Path.GetFileName(spare)["away-".Length..]));
            }
        }

        Assert.Equal((500, "rollback_failed"), (status, (string?)refused["code"]));
        Assert.Equal("now\n", await sandbox.RunAsync("cat /file"));
        JsonObject after = await Client.GetAsync(sandbox.Id);
        Assert.All(before.Where(m => m.Key != "last_used_at"), m => Assert.Equal(m.Value?.ToJsonString(), after[m.Key]?.ToJsonString()));
        await sandbox.RunAsync("touch /stop");
        Assert.Equal(6, (await sandbox.FinalAsync(exec)).ExitCode);
        await sandbox.RollbackAsync(snapshot);
        Assert.Equal("then\n", await sandbox.RunAsync("cat /file"));
        await Consistency.SettledAsync(fixture.Daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("N5", Part = "parents after a rollback")]
    public async Task Parents_are_what_the_files_stood_on()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string first = await sandbox.SnapshotAsync(), second = await sandbox.SnapshotAsync(), third = await sandbox.SnapshotAsync();
        await sandbox.RollbackAsync(second);
        string fourth = await sandbox.SnapshotAsync();
        await sandbox.RollbackAsync(first);
        string fifth = await sandbox.SnapshotAsync();

        await IsTreeAsync((fifth, first), (fourth, second), (third, second), (second, first), (first, null));
        await Client.SendAsync("DELETE", $"/sandboxes/{sandbox.Id}/snapshots/{second}", null, 204);
        await IsTreeAsync((fifth, first), (fourth, first), (third, first), (first, null));
        await sandbox.RollbackAsync(fourth);
        string sixth = await sandbox.SnapshotAsync();
        await IsTreeAsync((sixth, fourth), (fifth, first), (fourth, first), (third, first), (first, null));

        async Task IsTreeAsync(params (string, string?)[] tree)
        {
            JsonArray items = (await Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/snapshots", null, 200))["items"]!.AsArray();
            Assert.Equal(tree, items.Select(s => ((string)s!["id"]!, (string?)s["parent_id"])));
            Assert.All(items, s => Assert.Equal((string?)s!["parent_id"], (string?)s["base_snapshot_id"]));
        }
    }
}
