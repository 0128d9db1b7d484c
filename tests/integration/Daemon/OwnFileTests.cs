using System.Globalization;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>The files that are laid over a sandbox's /etc: its own to write to, and no way to fill anything of the host's.</summary>
public sealed class OwnFileTests
{
    private static readonly string[] Names = ["hostname", "hosts", "machine-id", "resolv.conf"];

    private const string List = "cd /etc && cat hostname hosts machine-id resolv.conf";

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task What_is_written_to_them_is_bounded_outlives_the_daemon_and_goes_with_the_sandbox()
    {
        await using TestDaemon daemon = new();
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string id = await client.NewAsync(await images.HaveAsync(TestImages.Busybox));
        string first = await client.RunAsync(id, List);
        string snapshot = await client.SnapshotAsync(id);
        long before = HeldBy(daemon.StateDir);

        foreach (string name in Names)
        {
            ExecReply full = await client.ExecAsync(id, $"dd if=/dev/zero of=/etc/{name} bs=64k count=16 2>&1");
            Assert.NotEqual(0, full.ExitCode);
            Assert.Contains("No space left on device", full.Json.ToJsonString(), StringComparison.Ordinal);
        }

        // All four are full together, and the host has nothing of it.
        Assert.InRange(HeldBy(daemon.StateDir), 0, before + (1 << 20));
        await daemon.KillAndRestartAsync();
        Assert.NotEqual(0, (await client.ExecAsync(id, "dd if=/dev/zero of=/etc/hosts bs=64k count=16")).ExitCode);
        await client.RunAsync(id, string.Join(';', Names.Select(name => $"echo {name} is mine > /etc/{name}")));
        Assert.Equal(string.Concat(Names.Select(name => $"{name} is mine\n").Order(StringComparer.Ordinal)), Sorted(await client.RunAsync(id, List)));

        // They belong to the container, not to the files that a snapshot has.
        await client.RollbackAsync(id, snapshot);
        Assert.Equal(first, await client.RunAsync(id, List));
        string fork = (await client.ForkAsync(id, 1))[0];
        Assert.NotEqual(first, await client.RunAsync(fork, List));
        await client.DeleteAsync(id);
        await client.DeleteAsync(fork);
        await Consistency.SettledAsync(daemon);
    }

    private static string Sorted(string lines) =>
        string.Concat(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).Select(line => $"{line}\n"));

    private static long HeldBy(string directory) => long.Parse(
        Shell.Run("du", "-sxk", directory).Split('\t')[0], CultureInfo.InvariantCulture) << 10;
}
