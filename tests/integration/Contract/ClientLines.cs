using Sleigh.IntegrationTests.Daemon;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>A client in another language, which shares nothing with us but the contract.</summary>
[Collection(ContractCollection.Name)]
public sealed class ClientLines
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("X1")]
    public async Task A_Python_client_passes_a_scenario_over_all_its_calls()
    {
        string folder = Path.Combine(Host.Repository, "tests", "integration", "Contract");
        string zones = Directory.CreateTempSubdirectory("sl-zones-").FullName;
        try
        {
            foreach ((string zone, string directory, string file, string text) in ((string, string, string, string)[])
                [("mounts", "data", "note", "of the host\n"), ("environments", "tools", "tool", "a tool\n")])
            {
                string target = Directory.CreateDirectory(Path.Combine(zones, zone, directory)).FullName;
                await File.WriteAllTextAsync(Path.Combine(target, file), text);
            }

            await using TestDaemon daemon = new(
                ("pool.size", "1"), ("mounts.root", Path.Combine(zones, "mounts")), ("environments.root", Path.Combine(zones, "environments")));
            using TestImages images = new(daemon);
            await daemon.StartAsync();
            string image = await images.HaveAsync(TestImages.Busybox);

            string said = await ToolRunner.RunAsync(
                "timeout", "240", "python3", "-B", Path.Combine(folder, "scenario.py"), $"http://{daemon.Address}", image, "no-such-image:1");

            Assert.EndsWith("30 kinds of 30\n", said, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(zones, recursive: true);
        }
    }
}
