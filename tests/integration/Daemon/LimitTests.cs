using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Memory and process limits are the kernel's; what passes them ends, the sandbox does not.</summary>
[Collection(DaemonCollection.Name)]
public sealed class LimitTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.Mmdebstrap, Need.InitBinary)]
    public async Task A_command_that_takes_more_memory_than_the_limit_ends_and_the_sandbox_lives()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(
            TestImages.Debian, new JsonObject { ["memory_limit_mb"] = 64, ["auto_expand_memory"] = false });
        string slot = await sandbox.SlotAsync();
        string bystander = await sandbox.StartAsync("while [ ! -e /stop ]; do sleep 0.1; done; exit 6");

        ExecReply greedy = await sandbox.ExecAsync("exec python3 -c 'b = bytearray(400 << 20); print(len(b))'");

        Assert.Equal(("failed", ""), (greedy.Status, greedy.Stdout));
        Assert.Contains(greedy.ExitCode, (int?[])[137, 1]);
        Assert.Equal("fits\n", await sandbox.RunAsync("python3 -c 'b = bytearray(20 << 20); print(\"fits\")'"));
        await sandbox.RunAsync("touch /stop");
        Assert.Equal(6, (await sandbox.FinalAsync(bystander)).ExitCode);
        Assert.Equal(slot, await sandbox.SlotAsync());
    }

    [HostFact(Need.Root, Need.Mmdebstrap, Need.InitBinary)]
    public async Task A_pool_member_gets_the_limit_that_was_asked_for()
    {
        await using TestSandbox small = await fixture.SandboxAsync(TestImages.Debian, new JsonObject { ["memory_limit_mb"] = 64, ["auto_expand_memory"] = false });
        await using TestSandbox large = await fixture.SandboxAsync(TestImages.Debian, new JsonObject { ["memory_limit_mb"] = 700 });
        const string Take = "exec python3 -c 'b = bytearray(500 << 20); print(len(b) >> 20)'";

        Assert.NotEqual(0, (await small.ExecAsync(Take)).ExitCode);
        Assert.Equal("500\n", await large.RunAsync(Take));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_fork_bomb_meets_the_limit_of_processes_and_is_cancelled()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["pids_limit"] = 40 });

        // The shell itself waits without a fork: one that fails would end it.
        string bomb = await sandbox.StartAsync("mkfifo /f; exec 3<> /f; b() { b | b & }; (while :; do b; done) 2> /dev/null & read x <&3");
        ExecReply many = await sandbox.ExecAsync("for i in $(seq 100); do sleep 2 & done; wait");

        Assert.NotEqual("succeeded", many.Status);
        await fixture.Client.CancelAsync(sandbox.Id, bomb);
        Assert.Equal("cancelled", (await sandbox.FinalAsync(bomb, 30)).Status);
        await Poll.UntilAsync(async () => (await sandbox.ExecAsync("echo alive")).Stdout == "alive\n", 30, () => "no command starts after the bomb");
        int processes = Leftovers.Processes(fixture.Daemon).Count(p => File.Exists($"/proc/{p.Pid}/cgroup"));
        Assert.True(processes < 400, $"{processes} processes");
    }
}
