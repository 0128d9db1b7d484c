using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios;

/// <summary>Limits are the kernel's, in the files of the sandbox's own cgroup.</summary>
[Stage(30)]
public sealed class LimitTests(SharedMachine shared, SleighMachine sleigh) : Scenario(shared, sleigh)
{
    private DaemonClient _client = null!;

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _client = await Sleigh.SessionAsync();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await base.DisposeAsync();
    }

    [HostFact(Need.VirtualMachine)]
    [ContractLine("C6", Part = "memory, cpus, pids")]
    public async Task What_was_asked_for_is_in_the_kernels_files()
    {
        await using TestSandbox sandbox = await NewAsync(new JsonObject { ["memory_limit_mb"] = 96, ["cpus"] = 0.5, ["pids_limit"] = 50 });

        // The brake is the commands' alone: PID 1 is not slowed by it. The wall is the brake's 1.25 fold and 64 MB.
        Assert.Equal(
            [
                ("memory.max", "192937984"), ("memory.high", "max"), ("execs/memory.high", "100663296"), ("execs/memory.max", "max"),
                ("memory.swap.max", "0"), ("pids.max", "51"), ("cpu.max", "50000 100000"),
            ],
            await LimitsAsync(sandbox, "memory.max", "memory.high", "execs/memory.high", "execs/memory.max", "memory.swap.max", "pids.max", "cpu.max"));
        Assert.Equal("", await Sleigh.SaysAsync($"cat {await GroupAsync(sandbox)}/cgroup.procs"));
        Assert.Equal("98304 kB\n1\n1\n", await sandbox.RunAsync("sed -n 's/^MemTotal: *//p' /proc/meminfo; nproc; grep -c ^processor /proc/cpuinfo"));
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_fixed_limit_is_the_wall_and_there_is_no_brake()
    {
        await using TestSandbox sandbox = await NewAsync(new JsonObject { ["memory_limit_mb"] = 96, ["auto_expand_memory"] = false });

        Assert.Equal(
            [("memory.max", "100663296"), ("memory.high", "max"), ("execs/memory.high", "max")],
            await LimitsAsync(sandbox, "memory.max", "memory.high", "execs/memory.high"));
    }

    [HostFact(Need.VirtualMachine)]
    [ContractLine("C4", Part = "a pool member's limit on cgroup v2")]
    public async Task A_parked_container_gets_the_limits_of_who_takes_it()
    {
        await using TestSandbox usual = await NewAsync([]);
        await using TestSandbox large = await NewAsync(new JsonObject { ["memory_limit_mb"] = 300 });

        Assert.Equal([("execs/memory.high", "268435456"), ("memory.max", "402653184")], await LimitsAsync(usual, "execs/memory.high", "memory.max"));
        Assert.Equal([("execs/memory.high", "314572800"), ("memory.max", "460324864")], await LimitsAsync(large, "execs/memory.high", "memory.max"));
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_command_that_takes_more_memory_than_the_limit_dies_alone()
    {
        await using TestSandbox sandbox = await NewAsync(new JsonObject { ["memory_limit_mb"] = 64, ["auto_expand_memory"] = false });
        string bystander = await sandbox.StartAsync("while [ ! -e /stop ]; do sleep 0.2; done; exit 6");

        ExecReply greedy = await sandbox.ExecAsync("exec dd if=/dev/zero of=/dev/null bs=150M count=1");

        Assert.Equal(("failed", 137), (greedy.Status, greedy.ExitCode));
        string events = await Sleigh.SaysAsync($"cat {await GroupAsync(sandbox)}/memory.events");
        Assert.Equal(1, SlotFiles.Number(events, "oom_group_kill"));
        Assert.Equal("fits\n", await sandbox.RunAsync("dd if=/dev/zero of=/dev/null bs=20M count=1 2> /dev/null && echo fits; touch /stop"));
        Assert.Equal(6, (await sandbox.FinalAsync(bystander)).ExitCode);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task More_processes_than_the_limit_are_refused_by_the_kernel()
    {
        await using TestSandbox sandbox = await NewAsync(new JsonObject { ["pids_limit"] = 20 });

        ExecReply many = await sandbox.ExecAsync("for i in $(seq 40); do sleep 3 & done; wait");

        Assert.NotEqual("succeeded", many.Status);
        Assert.Contains("fork", many.Stderr, StringComparison.Ordinal);
        Assert.Equal("21", await Sleigh.SaysAsync($"cat {await GroupAsync(sandbox)}/pids.peak"));
        Assert.Equal("alive\n", await sandbox.RunAsync("echo alive"));
    }

    [HostFact(Need.VirtualMachine)]
    [ContractLine("C6", Part = "cpus in effect")]
    public async Task A_busy_command_is_held_at_its_share_of_a_core()
    {
        await using TestSandbox sandbox = await NewAsync(new JsonObject { ["cpus"] = 0.2 });

        ExecReply busy = await sandbox.ExecAsync("while :; do :; done", new JsonObject { ["timeout_seconds"] = 5 });

        Assert.True(busy.TimedOut, busy.ToString());
        string stat = await Sleigh.SaysAsync($"cat {await GroupAsync(sandbox)}/cpu.stat");
        long throttled = SlotFiles.Number(stat, "nr_throttled");
        Assert.True(throttled > 5, stat);
        Assert.InRange(SlotFiles.Number(stat, "usage_usec"), 300_000, 3_000_000);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task Each_command_has_figures_of_its_own()
    {
        await using TestSandbox sandbox = await NewAsync([]);

        ExecReply large = await sandbox.ExecAsync("dd if=/dev/zero of=/dev/null bs=40M count=1");
        ExecReply small = await sandbox.ExecAsync("true");

        Assert.InRange((long)large.Json["usage"]!["memory_peak_bytes"]!, 40L << 20, 70L << 20);
        Assert.InRange((long)small.Json["usage"]!["memory_peak_bytes"]!, 1, 8L << 20);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task Every_attempt_of_root_inside_on_devices_the_root_and_the_kernel_is_refused()
    {
        await using TestSandbox sandbox = await NewAsync([]);
        await HostileAttempts.AreRefusedAsync(sandbox);
        Assert.Equal("well\n", await sandbox.RunAsync("echo well"));
    }

    private async Task<TestSandbox> NewAsync(JsonObject wishes) => new(_client, await _client.NewAsync(SleighMachine.Busybox, wishes));

    private static async Task<string> GroupAsync(TestSandbox sandbox) => $"{SleighMachine.Home}/{await sandbox.SlotAsync()}";

    private async Task<(string File, string Value)[]> LimitsAsync(TestSandbox sandbox, params string[] files)
    {
        string group = await GroupAsync(sandbox);
        string said = await Sleigh.SaysAsync($"cd {group} && cat {string.Join(' ', files)}");
        return [.. files.Zip(said.Split('\n'))];
    }
}
