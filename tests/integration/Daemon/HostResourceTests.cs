using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>What a real daemon says of this host.</summary>
[Collection(DaemonCollection.Name)]
public sealed class HostResourceTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.InitBinary)]
    public async Task Figures_are_those_of_the_kernel_and_of_the_ledger()
    {
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string box = await client.NewAsync(await fixture.Images.HaveAsync(TestImages.Busybox));

        JsonObject host = await client.SendAsync("GET", "/resources", null, 200);
        JsonObject oom = await client.SendAsync("GET", "/diagnostics/oom", null, 200);

        long total = 1024 * long.Parse(File.ReadLines("/proc/meminfo").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
        DriveInfo disk = new(fixture.Daemon.DataDir);
        Assert.Equal((Environment.ProcessorCount, total, disk.TotalSize), ((int)host["cpu"]!["logical_cores"]!, (long)host["memory"]!["total_bytes"]!, (long)host["disk"]!["total_bytes"]!));
        Assert.Equal((true, (string?)host["docker"]!["server_version"]), ((bool)host["engine"]!["available"]!, (string?)host["engine"]!["server_version"]));
        Assert.NotEmpty((string)host["docker"]!["server_version"]!);
        Assert.True((int)host["sandboxes"]!["running"]! >= 1);
        Assert.InRange((long)host["memory_budget"]!["budget_bytes"]!, 1, total);
        Assert.True((long)host["memory_budget"]!["limits_total_bytes"]! >= 256L << 20);
        Assert.Equal(3, oom["signals"]!.AsArray().Count);
        Assert.False((bool)oom["alert"]!["dispatched"]!);
        await client.DeleteAsync(box);
    }
}
