using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>What docs/operations.md says of backup: the data directory, copied while nothing runs, is the whole installation.</summary>
[Collection(DaemonCollection.Name)]
public sealed class BackupTests
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_copy_of_the_data_directory_starts_elsewhere_with_every_sandbox_and_snapshot()
    {
        await using TestDaemon daemon = new(("pool.size", "0"));
        (string id, string snapshot) = await FillAsync(daemon, TestImages.BusyboxTar().Oci().ToArray());

        await using TestDaemon whole = new(("pool.size", "0"));
        await CopyAsync(daemon, whole);
        await whole.StartAsync();
        using DaemonClient client = DaemonClient.Administrator(whole);

        Assert.Equal("two\n", await client.RunAsync(id, "cat /root/f"));
        await client.RollbackAsync(id, snapshot);
        Assert.Equal("one\n", await client.RunAsync(id, "cat /root/f"));
        Assert.StartsWith("snap_", await client.SnapshotAsync(id), StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Without_the_images_a_sandbox_says_which_is_missing_and_starts_when_it_is_back()
    {
        await using TestDaemon daemon = new(("pool.size", "0"));
        byte[] image = TestImages.BusyboxTar().Oci().ToArray();
        (string id, _) = await FillAsync(daemon, image);

        await using TestDaemon bare = new(("pool.size", "0"));
        await CopyAsync(daemon, bare);
        Directory.Delete(Path.Combine(bare.DataDir, "containerd"), recursive: true);
        await bare.StartAsync();
        using DaemonClient client = DaemonClient.Administrator(bare);

        (int status, JsonObject refused) = await client.CallAsync("POST", $"/sandboxes/{id}/exec", new JsonObject { ["command"] = "true" });
        Assert.True(status >= 500, refused.ToJsonString());
        Assert.Equal($"sandbox {id} could not be started: the layers of its image {TestImages.Busybox} are not on this host", (string?)refused["error"]);
        Assert.Equal("pull or import that version of the image again", (string?)refused["hint"]);

        await ImportAsync(client, image);
        Assert.Equal("two\n", await client.RunAsync(id, "cat /root/f"));
    }

    private static async Task<(string Sandbox, string Snapshot)> FillAsync(TestDaemon daemon, byte[] image)
    {
        await daemon.StartAsync();
        using DaemonClient client = DaemonClient.Administrator(daemon);
        await ImportAsync(client, image);
        string id = await client.NewAsync(TestImages.Busybox, null);
        await client.RunAsync(id, "echo one > /root/f");
        string snapshot = await client.SnapshotAsync(id);
        await client.RunAsync(id, "echo two > /root/f");

        Assert.Equal(0, await daemon.TerminateAsync());
        (int quiet, string said) = await daemon.RunToEndAsync("quiesce");
        Assert.True(quiet == 0, said);
        return (id, snapshot);
    }

    private static async Task ImportAsync(DaemonClient client, byte[] image)
    {
        using ByteArrayContent content = new(image);
        content.Headers.ContentType = new("application/x-tar");
        (int status, JsonObject body) = await client.CallAsync("POST", $"/admin/images/import?name={TestImages.Busybox}", content);
        Assert.True(status == 201, body.ToJsonString());
    }

    private static Task<string> CopyAsync(TestDaemon from, TestDaemon to) => ToolRunner.RunAsync("cp", "-a", "--sparse=always", from.DataDir, to.DataDir);
}
