using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios;

/// <summary>A restart of the host: sandboxes are there with their files, and an exec starts them again.</summary>
[Stage(60)]
public sealed class RebootTests(SharedMachine shared, SleighMachine sleigh) : Scenario(shared, sleigh)
{
    [HostFact(Need.VirtualMachine)]
    public async Task Sandboxes_keep_their_files_limits_labels_and_snapshots()
    {
        using DaemonClient client = await Sleigh.SessionAsync();
        string id = await client.NewAsync(SleighMachine.Busybox, new JsonObject
        {
            ["name"] = "lasting", ["memory_limit_mb"] = 96, ["cpus"] = 0.5, ["pids_limit"] = 60,
            ["labels"] = new JsonObject { ["team"] = "blue" }, ["env"] = new JsonObject { ["KEPT"] = "yes" },
        });
        await client.RunAsync(id, "echo first > /file");
        string snapshot = await client.SnapshotAsync(id);
        await client.RunAsync(id, "echo second > /file; sync");
        string cut = await client.StartAsync(id, "echo begun; sleep 3000");
        await Poll.UntilAsync(async () => (await client.ExecOfAsync(id, cut)).StdoutBytes > 0, 60, () => "no output");

        await Sleigh.RebootAsync();

        JsonObject after = await client.GetAsync(id);
        Assert.Equal(("exited", "lasting", "blue", 96), ((string)after["status"]!, (string)after["name"]!, (string)after["labels"]!["team"]!, (int)after["memory_limit_mb"]!));
        ExecReply ended = await client.FinalAsync(id, cut, 60);
        Assert.Equal(("failed", "begun\n"), (ended.Status, ended.Stdout));
        Assert.Equal("second yes\n", await client.RunAsync(id, "echo $(cat /file) $KEPT"));
        Assert.Equal("running", (string)(await client.GetAsync(id))["status"]!);
        string group = $"{SleighMachine.Home}/{await new TestSandbox(client, id).SlotAsync()}";
        Assert.Equal("100663296\n192937984\n61\n50000 100000", await Sleigh.SaysAsync($"cd {group} && cat execs/memory.high memory.max pids.max cpu.max"));
        await client.RollbackAsync(id, snapshot);
        Assert.Equal("first\n", await client.RunAsync(id, "cat /file"));
        string[] forks = await client.ForkAsync(id, 1, snapshot);
        Assert.Equal("first\n", await client.RunAsync(forks[0], "cat /file"));
        await client.DeleteAsync(forks[0]);
        await client.DeleteAsync(id);
    }
}
