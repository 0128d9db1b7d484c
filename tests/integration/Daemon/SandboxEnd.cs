using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Ends a sandbox from outside, as a failing host would.</summary>
internal static class SandboxEnd
{
    /// <summary>Kills its PID 1 and waits until the daemon shows it as exited.</summary>
    public static async Task KillInitAsync(TestDaemon daemon, DaemonClient client, TestSandbox sandbox)
    {
        string slot = await sandbox.SlotAsync();
        int pid = Leftovers.Processes(daemon).Single(p =>
            p.Line.Contains("sleigh-init", StringComparison.Ordinal) && File.ReadAllText($"/proc/{p.Pid}/cgroup").Contains(slot, StringComparison.Ordinal)).Pid;
        await ToolRunner.RunAsync("kill", "-9", $"{pid}");
        await Poll.UntilAsync(async () => (string?)(await client.GetAsync(sandbox.Id))["status"] == "exited", 10, () => "the sandbox is not shown as exited");
    }
}
