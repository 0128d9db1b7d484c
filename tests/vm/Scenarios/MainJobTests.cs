using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios;

/// <summary>What the product is for, on a real host: over HTTP from another machine, and with the administrator's tool.</summary>
[Stage(20)]
public sealed class MainJobTests(SharedMachine shared, SleighMachine sleigh, ITestOutputHelper output) : Scenario(shared, sleigh)
{
    [HostFact(Need.VirtualMachine)]
    public async Task The_quickstart_passes_with_the_administrators_tool()
    {
        await Sleigh.ImportAsync(SleighMachine.Python);

        output.WriteLine(await Sleigh.SaysAsync($"sleighctl quickstart --image {SleighMachine.Python} 2>&1", seconds: 600));
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_project_is_written_broken_rolled_back_and_forked_over_HTTP()
    {
        using DaemonClient client = await Sleigh.SessionAsync();
        const string Check = "cd /work && test \"$(sh price.sh 2 150)\" = 300";
        string id = (string)(await client.CreateAsync(SleighMachine.Busybox, new JsonObject { ["memory_limit_mb"] = 96 }))["sandbox_id"]!;
        await client.RunAsync(id, "mkdir /work && cd /work && echo 'echo $(($1 * $2))' > price.sh && seq 500 | while read n; do echo $n > $n; done");
        await client.RunAsync(id, Check);

        string snapshot = await client.SnapshotAsync(id);
        ExecReply broken = await client.ExecAsync(id, $"cd /work && echo 'echo $(($1 + $2))' > price.sh && rm [0-9]* && {Check}");
        Assert.Equal("failed", broken.Status);
        JsonObject back = await client.RollbackAsync(id, snapshot);
        Assert.Equal((id, snapshot), ((string)back["sandbox_id"]!, (string)back["rolled_back_to"]!));
        Assert.Equal("501\n", await client.RunAsync(id, $"{Check} && ls /work | wc -l"));

        string[] forks = await client.ForkAsync(id, 3, snapshot);
        for (int n = 0; n < forks.Length; n++)
        {
            await client.RunAsync(forks[n], $"echo fork-{n} > /work/own");
        }

        for (int n = 0; n < forks.Length; n++)
        {
            Assert.Equal($"fork-{n}\n", await client.RunAsync(forks[n], $"{Check} && cat /work/own"));
        }

        Assert.Equal("no\n", await client.RunAsync(id, "test -e /work/own || echo no"));
        foreach (string one in forks.Append(id))
        {
            await client.DeleteAsync(one);
        }
    }
}
