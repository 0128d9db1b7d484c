using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Sleigh.Runtime;
using Sleigh.Runtime.Records;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Single files that are large for the daemon's memory or for the disk, and a daemon that is killed while it writes one.</summary>
public sealed class BigSingleFileTests
{
    private const long Size = (2L << 30) + 12_345;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Two_gibibytes_go_in_and_out_in_constant_memory_and_a_killed_daemon_leaves_nothing()
    {
        await using TestDaemon daemon = new();
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string sandbox = await client.NewAsync(await images.HaveAsync(TestImages.Busybox));
        string url = $"/sandboxes/{sandbox}/files?path=/to/big";

        // Whatever is allocated once is allocated by then.
        await PutAsync(client, url, 10_000_000, 201);
        await HashAsync(client, url);
        long before = daemon.AnonymousMemory();
        long most = 0;
        using Timer sample = new(_ => most = Math.Max(most, daemon.AnonymousMemory()), null, 0, 20);

        byte[] sent = await PutAsync(client, url, Size, 200);
        byte[] received = await HashAsync(client, url);

        await sample.DisposeAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"the daemon grew from {before >> 20} to {most >> 20} MiB");
        Assert.Equal(Convert.ToHexString(sent), Convert.ToHexString(received));
        Assert.True(most - before < 48 << 20, $"the daemon grew from {before >> 20} to {most >> 20} MiB");
        Assert.Equal($"{Size}\n", await client.RunAsync(sandbox, "stat -c %s /to/big; echo -n small > /to/big"));

        using HungBody hung = new(RandomNumberGenerator.GetBytes(20_000_000));
        Task<HttpResponseMessage> put = client.RawAsync("PUT", url, hung);
        await Task.Delay(1000);
        await daemon.KillAsync();
        hung.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(() => put);
        await daemon.StartAsync();
        Assert.Equal("small", await client.RunAsync(sandbox, "cat /to/big; find / -xdev -name '.sleigh-*' 2>/dev/null; true"));
        await Consistency.SettledAsync(daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_full_disk_is_507_and_nothing_is_left()
    {
        await using TestDaemon daemon = new(("storage.pool_size", "256MiB"), ("storage.driver", "btrfs"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string sandbox = await client.NewAsync(await images.HaveAsync(TestImages.Busybox));
        await PutAsync(client, $"/sandboxes/{sandbox}/files?path=/to/kept", 1_000_000, 201);

        using BigBody large = new(300 << 20, allNoise: true);
        using HttpResponseMessage reply = await client.RawAsync("PUT", $"/sandboxes/{sandbox}/files?path=/new/large", large);
        JsonObject error = JsonNode.Parse(await reply.Content.ReadAsStringAsync())!.AsObject();

        Assert.True((int)reply.StatusCode == 507, $"{reply.StatusCode} {error.ToJsonString()}\n{daemon.LogTail}");
        Assert.Equal(("disk_full", "the disk is full; nothing was written"), ((string)error["code"]!, (string)error["error"]!));
        Assert.Equal("1000000\n", await client.RunAsync(sandbox, "stat -c %s /to/kept; ls -d /new 2>/dev/null; find / -xdev -name '.sleigh-*' 2>/dev/null; true"));

        // btrfs gives the blocks back with its next commit.
        int status = 0;
        await Poll.UntilAsync(
            async () =>
            {
                using BigBody small = new(10_000_000, allNoise: true);
                using HttpResponseMessage fits = await client.RawAsync("PUT", $"/sandboxes/{sandbox}/files?path=/new/fits", small);
                return (status = (int)fits.StatusCode) == 201;
            },
            60,
            () => $"the space did not come back: {status}");
        await Consistency.SettledAsync(daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_name_that_a_killed_daemon_left_is_removed_at_start_in_a_running_sandbox_and_in_one_that_has_exited()
    {
        await using TestDaemon daemon = new();
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        string running = await client.NewAsync(image);
        await using TestSandbox exited = new(client, await client.NewAsync(image));
        const string Left = "/.sleigh-0123456789abcdef";
        const string Other = "/.sleigh-fedcba9876543210";
        await client.RunAsync(running, $"touch {Left} {Other}");
        await exited.RunAsync($"touch {Left} {Other}");
        await SandboxEnd.KillInitAsync(daemon, client, exited);
        await daemon.KillAsync();
        using (RecordStore records = RecordStore.Open(Path.Combine(daemon.DataDir, "sleigh.db")))
        {
            records.AddFileWrite(SandboxId.Parse(running), Left);
            records.AddFileWrite(SandboxId.Parse(exited.Id), Left);
            records.AddFileWrite(SandboxId.Parse("sbx_0000000000a1"), Left);
        }

        await daemon.StartAsync();

        foreach (string sandbox in (string[])[running, exited.Id])
        {
            Assert.Equal($"{Other}\n", await client.RunAsync(sandbox, "ls -d /.sleigh-*"));
        }

        await daemon.KillAsync();
        using (RecordStore records = RecordStore.Open(Path.Combine(daemon.DataDir, "sleigh.db")))
        {
            Assert.Empty(records.ReadFileWrites());
        }

        await daemon.StartAsync();
    }

    private static async Task<byte[]> PutAsync(DaemonClient client, string url, long size, int status)
    {
        using BigBody body = new(size);
        (int got, JsonObject reply) = await client.CallAsync("PUT", url, body);
        Assert.True(got == status && (long)reply["bytes"]! == size, $"{got} {reply.ToJsonString()}");
        return body.Sha256;
    }

    private static async Task<byte[]> HashAsync(DaemonClient client, string url)
    {
        using HttpResponseMessage reply = await client.RawAsync("GET", url);
        await using Stream body = await reply.Content.ReadAsStreamAsync();
        return await SHA256.HashDataAsync(body);
    }
}
