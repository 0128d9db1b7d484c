using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios;

/// <summary>A sandbox that crun starts, which needs a host with cgroup v2 alone.</summary>
[Stage(42)]
public sealed class RuntimeClassTests(SharedMachine shared, SleighMachine sleigh) : Scenario(shared, sleigh)
{
    // Where the shim lets its OCI runtime keep what it knows of a container; only crun calls the file so.
    private const string States = "/run/containerd/runc/sleigh";

    private static JsonObject Wishes => new()
    {
        ["runtime"] = "crun", ["memory_limit_mb"] = 96, ["auto_expand_memory"] = false, ["cpus"] = 0.5, ["pids_limit"] = 50,
    };

    [HostFact(Need.VirtualMachine)]
    public async Task Crun_is_refused_until_it_is_installed_and_then_holds_a_sandbox_as_runc_does()
    {
        using DaemonClient client = await Sleigh.SessionAsync();
        JsonObject wanted = Wishes;
        wanted["image"] = SleighMachine.Busybox;
        JsonObject refused = await client.SendAsync("POST", "/sandboxes", wanted, 400);
        Assert.Equal(
            ("unsupported_on_host", "bad request: runtime crun is not available on this host: crun is not installed"),
            ((string?)refused["code"], (string?)refused["error"]));

        await Sleigh.MustAsync("DEBIAN_FRONTEND=noninteractive apt-get install -y crun", seconds: 300);

        await using TestSandbox sandbox = new(client, await client.NewAsync(SleighMachine.Busybox, Wishes));
        string first = await sandbox.SlotAsync();
        await Sleigh.MustAsync($"test -e {States}/{first}/status && crun --root {States} state {first} | grep -q running");
        await HoldsAsync(sandbox);
        Assert.Equal("98304 kB\n1\n", await sandbox.RunAsync("sed -n 's/^MemTotal: *//p' /proc/meminfo; nproc; echo one > /file"));

        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("echo two > /file");
        await sandbox.RollbackAsync(snapshot);
        await using TestSandbox fork = new(client, (await client.ForkAsync(sandbox.Id, 1))[0]);
        await Sleigh.MustAsync("systemctl kill -s KILL sleigh");
        await Sleigh.ReadyAgainAsync();

        await using TestSandbox runc = new(client, await client.NewAsync(SleighMachine.Busybox));
        JsonObject usual = (await runc.ViewAsync())["isolation"]!.AsObject();
        usual.Remove("limits");
        foreach (TestSandbox one in (TestSandbox[])[sandbox, fork])
        {
            Assert.Equal("one\n", await one.RunAsync("cat /file"));
            JsonObject view = await one.ViewAsync();
            Assert.Equal("crun", (string?)view["runtime"]);
            JsonObject isolation = view["isolation"]!.AsObject();
            isolation.Remove("limits");
            Assert.Equal(usual.ToJsonString(), isolation.ToJsonString());
            await HoldsAsync(one);
        }

        ExecReply greedy = await fork.ExecAsync("exec dd if=/dev/zero of=/dev/null bs=150M count=1");
        Assert.Equal((137, true), (greedy.ExitCode, (bool?)greedy.Json["oom"]?["killed"]));
        await HostileAttempts.AreRefusedAsync(fork);

        string[] slots = [first, await sandbox.SlotAsync(), await fork.SlotAsync()];
        await client.DeleteAsync(sandbox.Id);
        await client.DeleteAsync(fork.Id);
        await NothingIsLeftAsync(slots);
    }

    private async Task HoldsAsync(TestSandbox sandbox) => Assert.Equal(
        "100663296\n0\n51\n50000 100000",
        await Sleigh.SaysAsync($"cd {SleighMachine.Home}/{await sandbox.SlotAsync()} && cat memory.max memory.swap.max pids.max cpu.max"));

    private async Task NothingIsLeftAsync(string[] slots)
    {
        string left = "";
        await Poll.UntilAsync(
            async () => (left = await Sleigh.SaysAsync(
                $"""
                ls {States}/*/status 2> /dev/null
                (ls {SleighMachine.Home} /run/sleigh/slots; ctr -n sleigh containers ls -q; pgrep -a containerd-shim; cat /proc/self/mountinfo) | grep -E '{string.Join('|', slots)}'
                true
                """)).Length == 0,
            60,
            () => left);
    }
}
