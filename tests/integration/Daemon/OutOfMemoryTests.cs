using System.Text.Json.Nodes;
using Sleigh.Cgroups;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>
/// A command that takes more memory than there is. Where cgroup v2 has the memory controller the kernel counts kills for each command;
/// where version 1 has it, for the sandbox as a whole, and that is all that may be said then.
/// </summary>
[Collection(DaemonCollection.Name)]
public sealed class OutOfMemoryTests(DaemonFixture fixture)
{
    // busybox takes one buffer of that size and fills it.
    private const string Greedy = "exec dd if=/dev/zero of=/dev/null bs=400M count=1";
    private const string KilledAt64 = "out of memory: a process was killed at 64 MB";
    private const string Unowned = "the sandbox's limit of 64 MB was reached and the kernel killed a process in it; this host cannot tell whose it was";
    private const long MiB = 1024 * 1024;

    private bool CountsCommands => CgroupHierarchy.Detect().CanLimitMemory(fixture.Daemon.Subtree);

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task What_is_known_of_the_kill_is_told_and_nothing_else()
    {
        await using TestSandbox sandbox = await SandboxAsync("report");
        string bystander = await sandbox.StartAsync("while [ ! -e /stop ]; do sleep 0.1; done; exit 6");

        ExecReply killed = await sandbox.ExecAsync(Greedy);
        await sandbox.RunAsync("touch /stop");
        ExecReply other = await sandbox.FinalAsync(bystander);

        Assert.Equal(("failed", 137, "command exited with status 137"), (killed.Status, killed.ExitCode, killed.Error));
        Assert.Equal((6, null, null), (other.ExitCode, other.Json["recovery"], other.Json["oom"]));
        Assert.Equal(CountsCommands ? $"{KilledAt64}; nothing was rolled back" : Unowned, (string?)killed.Json["recovery"]);
        if (!CountsCommands)
        {
            Assert.Null(killed.Json["oom"]);
            Assert.Null(killed.Json["usage"]!["memory_peak_bytes"]);
            return;
        }

        JsonObject oom = killed.Json["oom"]!.AsObject();
        Assert.Equal((true, 64 * MiB, 0), ((bool)oom["killed"]!, (long)oom["limit_bytes"]!, (int)oom["growth_attempts"]!));
        Assert.InRange((long)oom["peak_bytes"]!, 48 * MiB, 64 * MiB);
        Assert.Equal("automatic growth is off; call memory/expand with target_mb 128 or more, then run the command again", (string?)oom["advice"]);
        Assert.Equal((long)oom["peak_bytes"]!, (long)killed.Json["usage"]!["memory_peak_bytes"]!);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_rollback_follows_a_kill_that_is_the_commands_and_no_guess()
    {
        await using TestSandbox sandbox = await SandboxAsync("rollback");
        await sandbox.RunAsync("echo kept > /kept");
        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("echo later > /later");

        ExecReply killed = await sandbox.ExecAsync(Greedy);

        Assert.Equal(137, killed.ExitCode);
        Assert.Equal(
            CountsCommands ? $"{KilledAt64}; rolled back to snapshot {snapshot} (on_oom=rollback)" : Unowned, (string?)killed.Json["recovery"]);
        Assert.Equal(CountsCommands ? "kept\n" : "kept\nlater\n", (await sandbox.ExecAsync("cat /kept /later 2> /dev/null")).Stdout);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("G4", Part = "exit 137")]
    public async Task Signal_9_from_anybody_else_is_no_lack_of_memory()
    {
        await using TestSandbox sandbox = await SandboxAsync("rollback");
        await sandbox.ExecAsync(Greedy);

        ExecReply killed = await sandbox.ExecAsync("kill -9 $$");

        Assert.Equal((137, null, null), (killed.ExitCode, killed.Json["recovery"], killed.Json["oom"]));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("C4", Part = "a pool member's limit")]
    public async Task The_limit_of_a_pool_member_is_in_force_where_the_kernel_looks()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(
            TestImages.Busybox, new JsonObject { ["memory_limit_mb"] = 700, ["auto_expand_memory"] = false });
        string slot = await sandbox.SlotAsync();

        CgroupHierarchy hierarchy = CgroupHierarchy.Detect();
        long? limit = CountsCommands
            ? Cgroup.Open(Path.Combine(hierarchy.Absolute(fixture.Daemon.Subtree), slot)).ReadMemoryMax()
            : LegacyGroup.Find(hierarchy.Mounts, GroupsOf(slot), "memory")?.ReadMemoryLimit();

        Assert.Equal(700 * MiB, limit);
    }

    private Task<TestSandbox> SandboxAsync(string onOom) => fixture.SandboxAsync(
        TestImages.Busybox, new JsonObject { ["memory_limit_mb"] = 64, ["auto_expand_memory"] = false, ["on_oom"] = onOom });

    // Of PID 1 of the slot, which is in the slot's group of each hierarchy.
    private static string GroupsOf(string slot)
    {
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
        {
            try
            {
                string groups = File.ReadAllText(Path.Combine(process, "cgroup"));
                if (groups.Split('\n').Any(l => l.Contains(":memory:", StringComparison.Ordinal) && l.Contains(slot, StringComparison.Ordinal)))
                {
                    return groups;
                }
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }

        throw new InvalidOperationException($"no process is in a memory group of {slot}");
    }
}
