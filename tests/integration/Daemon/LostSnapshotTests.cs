using System.Text.Json.Nodes;
using Sleigh.Runtime.Records;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A snapshot is durable or not, also after a death of the daemon or the host; a record without a whole layer is taken out, and told.</summary>
public sealed class LostSnapshotTests
{
    private const string DieAt = "SLEIGH_TEST_DIE_AT";

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task One_that_was_not_durable_when_the_daemon_died_becomes_so_and_is_lost_when_the_host_died()
    {
        await using OneSandbox one = await CopiedAsync();
        (TestDaemon daemon, DaemonClient client, TestSandbox sandbox) = (one.Daemon, one.Client, one.Sandbox);
        await sandbox.RunAsync("echo first > /file");
        string first = await DieInFlushAsync(one);

        await daemon.StartAsync();

        await Poll.UntilAsync(async () => (bool)(await one.SnapshotsAsync()).Single()!["durable"]!, 10, () => "it never became durable");
        await sandbox.RunAsync("echo second > /file");
        string second = await DieInFlushAsync(one);
        using (RecordStore records = RecordStore.Open(Path.Combine(daemon.DataDir, "sleigh.db")))
        {
            Assert.Equal((await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id")).Trim(), records.ReplaceMeta("boot_id", "the boot before"));
        }

        await daemon.StartAsync();

        Assert.Equal([first], (await one.SnapshotsAsync()).Select(s => (string)s!["id"]!));
        Assert.Equal(first, (string?)(await sandbox.ViewAsync())["base_snapshot_id"]);
        Assert.Equal("second\n", await sandbox.RunAsync("cat /file"));
        Assert.Equal(["snapshot.created", "snapshot.durable", "snapshot.created", "snapshot.lost"], await EventsAsync(daemon, client, 4));
        Assert.Contains($"{second} of {one.Id} is lost: the host went down", await File.ReadAllTextAsync(daemon.LogFile), StringComparison.Ordinal);
        await sandbox.RollbackAsync(first);
        Assert.Equal("first\n", await sandbox.RunAsync("cat /file"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task One_whose_layer_somebody_took_away_is_lost_and_its_child_keeps_its_files()
    {
        await using OneSandbox one = await CopiedAsync();
        (TestDaemon daemon, TestSandbox sandbox) = (one.Daemon, one.Sandbox);
        await sandbox.RunAsync("echo first > /file");
        string first = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("echo second > /file");
        string second = await sandbox.SnapshotAsync();
        Assert.Equal(0, await daemon.TerminateAsync());
        Directory.Delete(Path.Combine(daemon.DataDir, "layers", "sealed", first.Replace('_', '-')), recursive: true);

        await daemon.StartAsync();

        JsonNode left = (await one.SnapshotsAsync()).Single()!;
        Assert.Equal((second, null), ((string)left["id"]!, (string?)left["parent_id"]));
        await sandbox.RunAsync("rm /file");
        await sandbox.RollbackAsync(second);
        Assert.Equal("second\n", await sandbox.RunAsync("cat /file"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task An_empty_layer_store_takes_no_record_away_and_all_is_there_when_it_comes_back()
    {
        await using OneSandbox one = await CopiedAsync();
        (TestDaemon daemon, TestSandbox sandbox) = (one.Daemon, one.Sandbox);
        await sandbox.RunAsync("echo first > /file");
        string first = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("echo second > /file");
        Assert.Equal(0, await daemon.TerminateAsync());
        string layers = Path.Combine(daemon.DataDir, "layers");
        Directory.Move(layers, layers + ".away");

        await daemon.StartAsync();

        Assert.Equal(first, (string?)(await one.SnapshotsAsync()).Single()!["id"]);
        Assert.Contains("The layer store is empty, and 1 snapshots are recorded", await File.ReadAllTextAsync(daemon.LogFile), StringComparison.Ordinal);
        Assert.Equal(0, await daemon.TerminateAsync());
        Directory.Delete(layers, recursive: true);
        Directory.Move(layers + ".away", layers);
        await daemon.StartAsync();
        await sandbox.RollbackAsync(first);
        Assert.Equal("first\n", await sandbox.RunAsync("cat /file"));
    }

    private static Task<OneSandbox> CopiedAsync() => OneSandbox.StartAsync(("pool.size", "0"), ("storage.driver", "copy"));

    /// <summary>Takes a snapshot of which the daemon dies before it is known to be on the disk.</summary>
    private static async Task<string> DieInFlushAsync(OneSandbox one)
    {
        TestDaemon daemon = one.Daemon;
        Assert.Equal(0, await daemon.TerminateAsync());
        daemon.Variables[DieAt] = "snapshot-7";
        await daemon.StartAsync();
        string[] before = [.. (await one.SnapshotsAsync()).Select(s => (string)s!["id"]!)];
        try
        {
            await one.Sandbox.SnapshotAsync();
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // It may die before the answer is out.
        }

        await Poll.UntilAsync(() => !daemon.IsAlive, 30, () => "the daemon never came to the flush");
        daemon.Variables.Remove(DieAt);
        using RecordStore records = RecordStore.Open(Path.Combine(daemon.DataDir, "sleigh.db"));
        return Assert.Single(records.ReadSnapshots(), s => !before.Contains(s.Snapshot.Id.ToString())).Snapshot.Id.ToString();
    }

    private static async Task<string[]> EventsAsync(TestDaemon daemon, DaemonClient client, int count)
    {
        using EventStream stream = await EventStream.OpenAsync(daemon, client, "/events?last_event_id=0&types=snapshot.", null);
        List<string> types = [];
        while (types.Count < count)
        {
            types.Add(Assert.IsType<StreamEvent>(await stream.NextAsync()).Type);
        }

        return [.. types];
    }
}
