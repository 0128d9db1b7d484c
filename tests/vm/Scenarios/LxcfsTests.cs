using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios;

/// <summary>sandbox.proc: lxcfs, with Debian's lxcfs and cgroup v2.</summary>
[Stage(44)]
public sealed class LxcfsTests(SharedMachine shared, SleighMachine sleigh) : Scenario(shared, sleigh)
{
    private const string Settings = "/etc/sleigh/sleigh.d/70-proc.yaml";

    [HostFact(Need.VirtualMachine)]
    public async Task Lxcfs_tells_of_the_wall_and_not_of_the_limit_that_grows_and_the_doctor_warns_of_it()
    {
        // Debian's package starts it at the next boot only.
        await Sleigh.MustAsync(
            $"DEBIAN_FRONTEND=noninteractive apt-get install -y lxcfs && systemctl start lxcfs && printf 'sandbox:\\n  proc: lxcfs\\n' > {Settings}", seconds: 300);
        await Poll.UntilAsync(async () => (await Machine.ShellAsync("test -e /var/lib/lxcfs/proc/meminfo")).ExitCode == 0, 60, () => "lxcfs is not mounted");
        await Sleigh.MustAsync("systemctl restart sleigh");
        await Sleigh.ReadyAgainAsync();
        try
        {
            using DaemonClient client = await Sleigh.SessionAsync();
            await using TestSandbox sandbox = new(client, await client.NewAsync(SleighMachine.Busybox, new JsonObject { ["memory_limit_mb"] = 96, ["cpus"] = 0.5 }));

            Assert.Equal("lxcfs", (string?)(await sandbox.ViewAsync())["isolation"]!["proc"]!["source"]);
            Assert.Equal(
                "188416 kB\n/proc/meminfo\n/proc/swaps\n1\n1\n",
                await sandbox.RunAsync(
                    "sed -n 's/^MemTotal: *//p' /proc/meminfo; awk '/lxcfs/ { print $5 }' /proc/self/mountinfo | sort; nproc; grep -c ^processor /proc/cpuinfo"));
            JsonNode doctor = JsonNode.Parse(await Sleigh.SaysAsync("sleighctl doctor -o json"))!;
            JsonNode check = (doctor["checks"] ?? doctor["items"])!.AsArray().Single(c => (string?)c!["name"] == "proc files")!;
            Assert.Equal("warn", (string?)check["result"]);
        }
        finally
        {
            await Sleigh.MustAsync($"rm {Settings} && systemctl restart sleigh");
            await Sleigh.ReadyAgainAsync();
            await Sleigh.MustAsync("systemctl stop lxcfs");
        }
    }
}
