using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios.Memory;

/// <summary>What makes a limit grow and what does not, what stays, and what is told when it did not.</summary>
[Stage(36)]
public sealed class GrowthTests(SharedMachine shared, SleighMachine sleigh, ITestOutputHelper output) : MemoryScenario(shared, sleigh, output)
{
    private const string Total = "sed -n 's/^MemTotal: *//p' /proc/meminfo";

    [HostFact(Need.VirtualMachine)]
    [ContractLine("G2")]
    public async Task Reading_a_file_larger_than_the_limit_is_no_reason_to_grow()
    {
        await using TestSandbox sandbox = await GrowingAsync(96);
        SlotFiles files = await SlotFiles.OfAsync(Sleigh, sandbox);

        // Holes of a file are page cache when they are read, and cost no write.
        await sandbox.RunAsync("truncate -s 240M /large && cat /large > /dev/null && cat /large > /dev/null");

        JsonObject memory = await PressureAsync(sandbox);
        Assert.True((long)memory["events"]!["high"]! > 0, $"page cache did not come near the brake, so this shows nothing: {memory.ToJsonString()}");
        Assert.Empty(GrowthOf(memory));
        Assert.InRange((double)memory["usage_percent"]!, 0, 20);

        // Dropping page cache is a stall too, and a long one where reading is slow; it is no use of the limit, and it passes.
        Assert.DoesNotContain("memory usage", (string?)memory["reason"] ?? "", StringComparison.Ordinal);
        await Poll.UntilAsync(async () => !(bool)(memory = await PressureAsync(sandbox))["near_limit"]!, 60, () => memory.ToJsonString());
        Assert.Empty(GrowthOf(memory));
        Assert.Equal((96, 184), await BrakeAndWallAsync(files));
        AssertNobodyWasKilled(memory);
    }

    [HostFact(Need.VirtualMachine)]
    [ContractLine("G3", Part = "at the ceiling")]
    public async Task At_the_ceiling_a_command_is_killed_and_told_so()
    {
        await using TestSandbox sandbox = await NewAsync(new JsonObject { ["memory_limit_mb"] = 96, ["memory_ceiling_mb"] = 128 });
        await sandbox.RunAsync("echo kept > /file");

        ExecReply exec = await sandbox.ExecAsync("burst 40 400 0 0 0", new JsonObject { ["timeout_seconds"] = 60 });

        Assert.Equal((137, false), (exec.ExitCode, exec.TimedOut));
        JsonObject oom = exec.Json["oom"]!.AsObject();
        Assert.Equal((true, 128 * MiB), ((bool)oom["killed"]!, (long)oom["limit_bytes"]!));
        Assert.True((int)oom["growth_attempts"]! > 0, oom.ToJsonString());
        Assert.Equal("the ceiling of 128 MB is reached; use less memory or create a sandbox with a higher memory_ceiling_mb", (string?)oom["advice"]);
        Assert.Equal("kept\n", await sandbox.RunAsync("cat /file"));
    }

    [HostFact(Need.VirtualMachine)]
    [ContractLine("G4")]
    public async Task A_rollback_follows_a_real_lack_of_memory_and_no_other_signal_9()
    {
        await using TestSandbox sandbox = await NewAsync(
            new JsonObject { ["memory_limit_mb"] = 64, ["auto_expand_memory"] = false, ["on_oom"] = "rollback" });
        await sandbox.RunAsync("echo kept > /kept");
        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("echo later > /later");

        ExecReply killed = await sandbox.ExecAsync("kill -9 $$");
        Assert.Equal((137, null, null), (killed.ExitCode, killed.Json["oom"], killed.Json["recovery"]));
        Assert.Equal("later\n", await sandbox.RunAsync("cat /later"));

        ExecReply greedy = await sandbox.ExecAsync("exec burst 10 200 0 0 0");
        Assert.Equal(137, greedy.ExitCode);
        Assert.True((bool)greedy.Json["oom"]!["killed"]!);
        Assert.EndsWith(
            $"out of memory: a process was killed at 64 MB; rolled back to snapshot {snapshot} (on_oom=rollback)", (string?)greedy.Json["recovery"], StringComparison.Ordinal);
        Assert.Equal("kept\n", (await sandbox.ExecAsync("cat /kept /later 2> /dev/null")).Stdout);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_process_that_a_command_left_behind_grows_too()
    {
        await using TestSandbox sandbox = await GrowingAsync(96);

        await sandbox.RunAsync("( burst 40 500 1000 0 0 > /left 2>&1; echo ended $? >> /left ) > /dev/null 2>&1 &");

        string left = "";
        await Poll.UntilAsync(
            async () => (left = await sandbox.RunAsync("cat /left 2> /dev/null || true")).Contains("ended", StringComparison.Ordinal), 60, () => left);
        Assert.EndsWith("ended 0\n", left, StringComparison.Ordinal);
        JsonObject memory = await PressureAsync(sandbox);
        Assert.Contains(GrowthOf(memory), g => (bool)g["granted"]!);
        AssertNobodyWasKilled(memory);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_daemon_that_is_restarted_in_mid_burst_goes_on_from_the_kernels_limit()
    {
        await using TestSandbox sandbox = await GrowingAsync();
        SlotFiles files = await SlotFiles.OfAsync(Sleigh, sandbox);

        // What comes after the restart is more than a slow stop can have let it grow to before.
        string exec = await sandbox.StartAsync("burst 185 600 9000 0 0 && until test -s /more; do sleep 0.2; done && exec burst 0 $(cat /more) 2000 0 0");
        await ReachesAsync(files, "execs/memory.high", 300);

        await Sleigh.MustAsync("systemctl stop sleigh");
        (long brake, long wall, long usage) = await files.LimitsAsync();
        Assert.True(brake > 256 && wall > brake && usage < 595, $"brake {brake} MB, wall {wall} MB, in use {usage} MB");
        await Sleigh.MustAsync("systemctl start sleigh");
        await Sleigh.ReadyAgainAsync();

        JsonObject memory = await PressureAsync(sandbox);
        Assert.True((long)memory["current_limit_mb"]! >= brake, $"brake was {brake} MB: {memory.ToJsonString()}");
        await sandbox.RunAsync($"echo {brake + 50} > /more.new && mv /more.new /more");
        ExecReply ended = await sandbox.FinalAsync(exec);
        Assert.True(ended.Status == "succeeded", ended.ToString());
        memory = await PressureAsync(sandbox);
        JsonObject[] growth = GrowthOf(memory);
        Output.WriteLine(
            $"brake {brake} MB at the stop; {string.Join("; ", BurstRun.AllOf(ended.Stdout))}; since the start: {string.Join(", ", growth.Select(g => $"{g["from_mb"]} to {g["to_mb"]}"))}");
        Assert.NotEmpty(growth);
        Assert.Equal(brake, (long)growth[^1]["from_mb"]!);
        AssertNobodyWasKilled(memory);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task What_was_asked_for_by_hand_is_in_the_kernel_and_survives_a_restart_and_giving_back()
    {
        await SetAsync("give_back_after_seconds: 1");
        try
        {
            await using TestSandbox sandbox = await GrowingAsync(96);
            SlotFiles files = await SlotFiles.OfAsync(Sleigh, sandbox);

            JsonObject reply = await Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/memory/expand", new JsonObject { ["target_mb"] = 200 }, 200);

            Assert.Equal((true, 96, 200, "memory expanded by agent decision"),
                ((bool)reply["triggered"]!, (int)reply["from_mb"]!, (int)reply["to_mb"]!, (string?)reply["reason"]));
            Assert.Equal((200, 314), await BrakeAndWallAsync(files));
            Assert.Equal("204800 kB\n", await sandbox.RunAsync(Total));
            JsonObject entry = GrowthOf(await PressureAsync(sandbox))[0];
            Assert.Equal(("manual", true), ((string)entry["trigger"]!, (bool)entry["granted"]!));

            await Sleigh.MustAsync("systemctl restart sleigh");
            await Sleigh.ReadyAgainAsync();
            Assert.Equal((200, 314), await BrakeAndWallAsync(files));

            // Grown by itself above that, it comes back to it and no further.
            await sandbox.RunAsync("burst 40 320 300 0 0");
            (long brake, _, _) = await files.LimitsAsync();
            Assert.True(brake > 200, $"it did not grow: {brake} MB");
            await Poll.UntilAsync(async () => (brake = (await files.LimitsAsync()).Brake) <= 200, 60, () => $"the brake is {brake} MB");
            await Task.Delay(TimeSpan.FromSeconds(3));
            Assert.Equal((200, 314), await BrakeAndWallAsync(files));
            Assert.Equal("204800 kB\n", await sandbox.RunAsync(Total));
        }
        finally
        {
            await UnsetAsync();
        }
    }

    [HostFact(Need.VirtualMachine)]
    [ContractLine("E11", Part = "memory")]
    public async Task The_peak_of_a_command_is_that_of_its_load_and_proc_tells_it_of_the_limit_that_it_grew_to()
    {
        await using TestSandbox sandbox = await GrowingAsync();

        ExecReply exec = await sandbox.ExecAsync($"{Total}; burst 0 400 500 20 0 && {Total}");

        BurstOf(exec);
        JsonObject usage = exec.Json["usage"]!.AsObject();
        Assert.InRange((long)usage["memory_peak_bytes"]!, 400 * MiB, 440 * MiB);
        Assert.True((long)usage["cpu_usec"]! > 50_000, usage.ToJsonString());
        Assert.InRange((long)usage["stall_usec"]!, 0, 1_000_000);
        Assert.StartsWith("memory grown from 256 MB to ", (string?)exec.Json["recovery"], StringComparison.Ordinal);
        string[] totals = [.. exec.Stdout.Split('\n').Where(line => line.EndsWith(" kB", StringComparison.Ordinal))];
        int grown = (int)GrowthOf(await PressureAsync(sandbox)).First(g => (bool)g["granted"]!)["to_mb"]!;
        Assert.Equal([$"{256 * 1024} kB", $"{grown * 1024} kB"], totals);
    }

    private static async Task<(long Brake, long Wall)> BrakeAndWallAsync(SlotFiles files)
    {
        (long brake, long wall, _) = await files.LimitsAsync();
        return (brake, wall);
    }
}
