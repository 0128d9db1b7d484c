using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Copies that are large for the daemon's memory or for the disk, and a daemon that is killed during one.</summary>
public sealed class BigFileCopyTests
{
    private const long GiB = 1L << 30;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_gibibyte_goes_in_and_out_in_constant_memory_and_a_killed_daemon_leaves_no_half_file()
    {
        await using TestDaemon daemon = new();
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string sandbox = await client.NewAsync(await images.HaveAsync(TestImages.Busybox));
        string url = $"/sandboxes/{sandbox}/files/archive";

        // Whatever is allocated once is allocated by then.
        await PutAsync(client, url, 10_000_000);
        long before = daemon.AnonymousMemory();
        long most = 0;
        using Timer sample = new(_ => most = Math.Max(most, daemon.AnonymousMemory()), null, 0, 20);

        byte[] sent = await PutAsync(client, url, GiB);
        byte[] received = await HashOfFileAsync(client, $"{url}?path=/to/big", GiB);

        await sample.DisposeAsync();
        Assert.Equal(Convert.ToHexString(sent), Convert.ToHexString(received));
        Assert.True(most - before < 64 << 20, $"the daemon grew from {before >> 20} to {most >> 20} MiB");
        Assert.Equal($"{GiB}\n", await client.RunAsync(sandbox, "stat -c %s /to/big; rm /to/big"));

        using HungBody hung = new([.. BigArchive.Header("half", GiB), .. RandomNumberGenerator.GetBytes(20_000_000)]);
        Task<HttpResponseMessage> put = client.RawAsync("PUT", $"{url}?path=/half", hung);
        await Poll.UntilAsync(async () => (await client.ExecAsync(sandbox, "test -d /half")).ExitCode == 0, 20, () => "the upload did not begin");
        await daemon.KillAsync();
        hung.Dispose(); // .NET's client does not look whether the other side is there while it waits for its own body
        await Assert.ThrowsAnyAsync<Exception>(() => put);
        await daemon.StartAsync();
        Assert.Equal("", await client.RunAsync(sandbox, "ls -A /half; find / -name '.sleigh-*' 2>/dev/null; true"));
        await PutAsync(client, url, 1_000_000);
        await Consistency.SettledAsync(daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_full_disk_is_507_with_the_entry_and_what_was_there_stays()
    {
        await using TestDaemon daemon = new(("storage.pool_size", "256MiB"), ("storage.driver", "btrfs"));
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string sandbox = await client.NewAsync(await images.HaveAsync(TestImages.Busybox));
        await PutAsync(client, $"/sandboxes/{sandbox}/files/archive", 1_000_000);

        using BigArchive large = new("big", 300 << 20);
        (int status, JsonObject reply) = await TryPutAsync(client, $"/sandboxes/{sandbox}/files/archive?path=/to", large);

        Assert.True(status == 507, $"{status} {reply.ToJsonString()}\n{daemon.LogTail}");
        Assert.Equal(("disk_full", "the disk is full; the archive was written up to entry big", "big"),
            ((string)reply["code"]!, (string)reply["error"]!, (string)reply["details"]!["entry"]!));
        Assert.Equal("1000000\n", await client.RunAsync(sandbox, "stat -c %s /to/big; find / -name '.sleigh-*' 2>/dev/null; true"));
        await Consistency.SettledAsync(daemon);
    }

    private static async Task<byte[]> PutAsync(DaemonClient client, string url, long size)
    {
        using BigArchive archive = new("big", size);
        (int status, JsonObject reply) = await client.CallAsync("PUT", $"{url}?path=/to", archive);
        Assert.True(status == 200 && (long)reply["bytes"]! == size, $"{status} {reply.ToJsonString()}");
        return archive.Sha256;
    }

    // The refusal comes while the body is being sent; the server takes the rest for some seconds.
    private static async Task<(int Status, JsonObject Body)> TryPutAsync(DaemonClient client, string url, HttpContent body)
    {
        using HttpResponseMessage reply = await client.RawAsync("PUT", url, body);
        return ((int)reply.StatusCode, JsonNode.Parse(await reply.Content.ReadAsStringAsync())!.AsObject());
    }

    private static async Task<byte[]> HashOfFileAsync(DaemonClient client, string url, long size)
    {
        using HttpResponseMessage reply = await client.RawAsync("GET", url);
        Assert.Equal("application/x-tar", reply.Content.Headers.ContentType?.ToString());
        await using Stream body = await reply.Content.ReadAsStreamAsync();
        await using var tar = new System.Formats.Tar.TarReader(body);
        Stream data = (await tar.GetNextEntryAsync())!.DataStream!;
        Assert.Equal(size, data.Length);
        return await SHA256.HashDataAsync(data);
    }
}
