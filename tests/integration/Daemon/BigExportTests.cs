using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Exports that are large for the daemon's memory, and what is left of one that is cut off.</summary>
public sealed class BigExportTests
{
    private const long GiB = 1L << 30;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_gibibyte_goes_out_in_constant_memory()
    {
        await using OneSandbox one = await OneSandbox.StartAsync();
        (TestDaemon daemon, DaemonClient client, TestSandbox sandbox) = (one.Daemon, one.Client, one.Sandbox);
        await sandbox.RunAsync("head -c 10000000 /dev/urandom > /small");
        string small = await sandbox.SnapshotAsync();
        string[] forms = ["", "?compression=zstd", "?format=tar.zst"];

        // Whatever is allocated once is allocated by then.
        foreach (string form in forms)
        {
            await CountAsync(client, $"/sandboxes/{sandbox.Id}/snapshots/{small}/export{form}");
        }

        await sandbox.RunAsync($"head -c {GiB} /dev/urandom > /big", JsonFields.Of("timeout_seconds", 120));
        string big = await sandbox.SnapshotAsync();
        foreach (string form in forms)
        {
            long before = daemon.AnonymousMemory();
            long most = 0;
            using Timer sample = new(_ => most = Math.Max(most, daemon.AnonymousMemory()), null, 0, 20);

            long sent = await CountAsync(client, $"/sandboxes/{sandbox.Id}/snapshots/{big}/export{form}");

            await sample.DisposeAsync();
            Assert.True(sent > GiB && sent < GiB + (GiB / 16), $"{form}: {sent} bytes");
            TestContext.Current.SendDiagnosticMessage($"export{form}: the daemon grew by {(most - before) >> 20} MiB to {most >> 20} MiB");
            Assert.True(most - before < 50 << 20, $"{form}: the daemon grew from {before >> 20} to {most >> 20} MiB");
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_snapshot_that_is_deleted_while_it_is_exported_gives_an_error_or_all_of_it_and_nothing_is_left()
    {
        await using OneSandbox one = await OneSandbox.StartAsync();
        (TestDaemon daemon, DaemonClient client, TestSandbox sandbox) = (one.Daemon, one.Client, one.Sandbox);
        await sandbox.RunAsync("head -c 200000000 /dev/urandom > /big");
        string[] snapshots = [await sandbox.SnapshotAsync(), await sandbox.SnapshotAsync(), await sandbox.SnapshotAsync()];
        string Path(int index) => $"/sandboxes/{sandbox.Id}/snapshots/{snapshots[index]}";
        await CountAsync(client, $"{Path(2)}/export?format=tar.zst");
        int descriptors = Files(daemon).Length;

        // A tar is cut off: the status has gone out.
        using (HttpResponseMessage tar = await client.RawAsync("GET", $"{Path(0)}/export?format=tar.zst"))
        {
            await client.SendAsync("DELETE", Path(0), null, 204);
            await using Stream body = await tar.Content.ReadAsStreamAsync();
            await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null));
        }

        // An image is refused while it is being made.
        Task<HttpResponseMessage> image = client.RawAsync("GET", $"{Path(1)}/export");
        await Poll.UntilAsync(() => IsSpooling(daemon), 20, () => "no layer is being made");
        await client.SendAsync("DELETE", Path(1), null, 204);
        using HttpResponseMessage refused = await image;
        JsonObject reply = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!.AsObject();

        Assert.Equal(
            (404, "snapshot_not_found", $"snapshot not found: {snapshots[1]}; it was deleted while it was exported"),
            ((int)refused.StatusCode, (string)reply["code"]!, (string)reply["error"]!));
        await Poll.UntilAsync(() => Files(daemon).Length <= descriptors, 20, () => string.Join('\n', Files(daemon)));
        Assert.False(IsSpooling(daemon));
        await Consistency.SettledAsync(daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_daemon_that_is_killed_during_an_export_leaves_nothing_of_it()
    {
        await using OneSandbox one = await OneSandbox.StartAsync();
        (TestDaemon daemon, DaemonClient client, TestSandbox sandbox) = (one.Daemon, one.Client, one.Sandbox);
        await sandbox.RunAsync("head -c 200000000 /dev/urandom > /big");
        string snapshot = await sandbox.SnapshotAsync();
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        string spool = System.IO.Path.Combine(daemon.DataDir, "exports");
        Func<Task>[] exports =
        [
            () => CountAsync(client, $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/export"),
            () => administrator.CallAsync("POST", $"/admin/snapshots/{snapshot}/image", JsonFields.Of("name", "never")),
        ];
        foreach (Func<Task> export in exports)
        {
            Task running = export();
            await Poll.UntilAsync(() => IsSpooling(daemon), 20, () => "no layer is being made");
            await daemon.KillAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => running);

            // What the moment between making a file and taking its name away leaves.
            await File.WriteAllTextAsync(System.IO.Path.Combine(spool, "1"), "left");
            await daemon.StartAsync();
            Assert.Empty(Directory.GetFiles(spool));
        }

        Assert.DoesNotContain(await administrator.ImagesAsync(), name => name.Contains("never", StringComparison.Ordinal));
        Assert.True(await CountAsync(client, $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/export") > 200_000_000);
        Assert.Equal(201, (await administrator.CallAsync("POST", $"/admin/snapshots/{snapshot}/image", JsonFields.Of("name", "then"))).Status);
        await Consistency.SettledAsync(daemon);
    }

    // Connections come and go by themselves.
    private static string[] Files(TestDaemon daemon) =>
        [.. daemon.OpenDescriptors().Where(target => !target.StartsWith("socket:", StringComparison.Ordinal) && !target.StartsWith("pipe:", StringComparison.Ordinal))];

    private static bool IsSpooling(TestDaemon daemon) =>
        daemon.OpenDescriptors().Any(target => target.StartsWith(System.IO.Path.Combine(daemon.DataDir, "exports"), StringComparison.Ordinal));

    private static async Task<long> CountAsync(DaemonClient client, string path)
    {
        using HttpResponseMessage reply = await client.RawAsync("GET", path);
        Assert.True(reply.IsSuccessStatusCode, $"{path}: {reply.StatusCode}");
        await using Stream body = await reply.Content.ReadAsStreamAsync();
        byte[] buffer = new byte[1 << 20];
        long count = 0;
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
        {
            count += read;
        }

        return count;
    }
}
