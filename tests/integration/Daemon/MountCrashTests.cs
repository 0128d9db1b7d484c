using System.Text.Json.Nodes;
using Sleigh.Runtime;
using Sleigh.Runtime.Records;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>The daemon dies between the steps of a mount or an unmount: it is there whole or not at all afterwards, and can be taken out.</summary>
[Collection(DaemonCollection.Name)]
public sealed class MountCrashTests(DaemonFixture fixture)
{
    private const int Rounds = 4;
    private const int Seed = 20260105;

    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task What_was_cut_off_between_record_and_effect_is_taken_back_or_finished()
    {
        await using TestZone zone = await TestZone.OpenAsync(fixture);
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string[] ids = new string[4];
        foreach (int n in Enumerable.Range(0, 4))
        {
            ids[n] = (string)(await zone.MountAsync(sandbox.Id, "data", $"/d{n}"))["id"]!;
        }

        await fixture.Daemon.KillAsync();
        using (RecordStore records = RecordStore.Open(Path.Combine(fixture.Daemon.DataDir, "sleigh.db")))
        {
            // 0: attached and not yet told so. 1: about to be attached, a number that nothing has. 2: about to be detached. 3: as it is.
            Dictionary<string, MountRecord> rows = records.ReadMounts().ToDictionary(row => row.Record.Mount.Id.ToString(), row => row.Record);
            records.RemoveMount(rows[ids[0]].Mount, null);
            Assert.True(records.AddMount(rows[ids[0]]));
            Mount never = rows[ids[1]].Mount with { Id = MountId.New(), ContainerPath = "/never" };
            Assert.True(records.AddMount(rows[ids[1]] with { Mount = never, Number = uint.MaxValue }));
            records.MarkMountRemoving(MountId.Parse(ids[2]));
        }

        await fixture.Daemon.StartAsync();

        Assert.Equal([ids[1], ids[3]], (await zone.ListAsync(sandbox.Id)).Select(m => (string)m!["id"]!).Order(Comparer(ids)));
        Assert.Equal("d1 d3", (await sandbox.RunAsync("for d in 0 1 2 3; do test -e /d$d/file && echo d$d; done; true")).Trim().Replace('\n', ' '));
        await zone.MountAsync(sandbox.Id, "data", "/d0");
        await zone.MountAsync(sandbox.Id, "data", "/d2");
        Assert.Equal("text\ntext\n", await sandbox.RunAsync("cat /d0/file /d2/file"));
        await Client.DeleteAsync(sandbox.Id);
        await Consistency.SettledAsync(fixture.Daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_daemon_killed_at_random_moments_shows_the_mounts_that_the_sandbox_has()
    {
        await using TestZone zone = await TestZone.OpenAsync(fixture);
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        Random random = new(Seed);
        for (int round = 0; round < Rounds; round++)
        {
            using CancellationTokenSource stop = new();
            Task[] working = [.. Enumerable.Range(0, 3).Select(n => WorkAsync(sandbox.Id, n, stop.Token))];
            await Task.Delay(random.Next(50, 500));
            await fixture.Daemon.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(working);
            await fixture.Daemon.StartAsync();

            string[] listed = [.. (await zone.ListAsync(sandbox.Id)).Select(m => (string)m!["container_path"]!).Order(StringComparer.Ordinal)];
            string seen = await sandbox.RunAsync("for d in 0 1 2; do test -e /w$d/file && echo /w$d; done; true");
            Assert.Equal(string.Concat(listed.Select(path => path + "\n")), seen);
            Assert.Equal($"{listed.Length}\n", await sandbox.RunAsync("grep -c ' /w[0-9] ' /proc/self/mountinfo; true"));
            foreach (JsonNode? mount in await zone.ListAsync(sandbox.Id))
            {
                await zone.UnmountAsync(sandbox.Id, (string)mount!["id"]!);
            }

            Assert.Equal("0\n", await sandbox.RunAsync("grep -c ' /w[0-9] ' /proc/self/mountinfo; true"));
        }
    }

    private async Task WorkAsync(string sandbox, int number, CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                JsonObject body = new() { ["workspace_path"] = "data", ["container_path"] = $"/w{number}" };
                (int status, JsonObject made) = await Client.CallAsync("POST", $"/sandboxes/{sandbox}/mounts", body, cancellationToken);
                Assert.True(status is 201 or 503, $"{status}: {made.ToJsonString()}");
                if (status == 201)
                {
                    (status, JsonObject gone) = await Client.CallAsync("DELETE", $"/sandboxes/{sandbox}/mounts/{made["id"]}", default(JsonObject), cancellationToken);
                    Assert.True(status is 204 or 503, $"{status}: {gone.ToJsonString()}");
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // The daemon is gone.
        }
    }

    private static Comparer<string> Comparer(string[] order) => Comparer<string>.Create((a, b) => Array.IndexOf(order, a).CompareTo(Array.IndexOf(order, b)));
}
