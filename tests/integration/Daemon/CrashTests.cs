using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>The daemon is killed or stopped while commands run: they go on, and the next daemon takes them over.</summary>
[Collection(DaemonCollection.Name)]
public sealed class CrashTests(DaemonFixture fixture)
{
    private TestDaemon Daemon => fixture.Daemon;

    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E6")]
    public async Task Twenty_counting_commands_lose_and_double_no_line_when_the_daemon_is_killed()
    {
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        string[] ids = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Client.NewAsync(image)));
        const int Lines = 220;
        string Counter(int n) => $"i=0; while [ $i -lt {Lines} ]; do echo {n}-$i; echo e{n}-$i >&2; i=$((i+1)); sleep 0.05; done; exit {n + 1}";
        string[] counters = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => Client.StartAsync(ids[n % 4], Counter(n))));
        string limited = await Client.StartAsync(ids[0], "trap '' TERM; while :; do sleep 1; done", JsonFields.Of("timeout_seconds", 6));
        long limitBegins = Stopwatch.GetTimestamp();
        string cancelledLater = await Client.StartAsync(ids[1], "sleep 300");
        string cancelledBefore = await Client.StartAsync(ids[2], "trap '' TERM; echo deaf; while :; do sleep 0.1; done");
        string endsMeanwhile = await Client.StartAsync(ids[3], "echo begun; while [ ! -e /killed ]; do sleep 0.05; done; echo ended; exit 33");
        await Poll.UntilAsync(async () => (await Client.ExecOfAsync(ids[0], counters[0])).StdoutBytes > 0, 10, () => "no output");
        await Poll.UntilAsync(async () => (await Client.ExecOfAsync(ids[2], cancelledBefore)).StdoutBytes > 0, 10, () => "no trap was set");
        await Client.CancelAsync(ids[2], cancelledBefore);

        await Daemon.KillAsync();
        int survivors = Leftovers.Processes(Daemon).Count(p => p.Line.Contains("while [", StringComparison.Ordinal));
        Assert.True(survivors >= 21, $"only {survivors} of the commands live on without the daemon");
        await TouchAsync(ids[3], "/killed", endsMeanwhile);
        await Daemon.StartAsync();

        foreach (string id in ids)
        {
            Assert.Equal("running", (string?)(await Client.GetAsync(id))["status"]);
            Assert.Equal("usable\n", await Client.RunAsync(id, "echo usable"));
        }

        ExecReply meanwhile = await Client.FinalAsync(ids[3], endsMeanwhile, 10);
        Assert.Equal((33, "begun\nended\n"), (meanwhile.ExitCode, meanwhile.Stdout));
        Assert.Equal("cancelling", (await Client.CancelAsync(ids[1], cancelledLater)).Status);
        Assert.Equal(("cancelled", 143), Ending(await Client.FinalAsync(ids[1], cancelledLater, 10)));
        Assert.Equal(("cancelled", 137), Ending(await Client.FinalAsync(ids[2], cancelledBefore, 10)));
        ExecReply timedOut = await Client.FinalAsync(ids[0], limited, 30);
        Assert.Equal((true, "command timed out after 6s and was stopped"), (timedOut.TimedOut, timedOut.Error));
        Assert.True(Stopwatch.GetElapsedTime(limitBegins).TotalSeconds >= 6, "the time limit came early");

        for (int n = 0; n < counters.Length; n++)
        {
            ExecReply final = await Client.FinalAsync(ids[n % 4], counters[n]);
            Assert.Equal(n + 1, final.ExitCode);
            Assert.True((long)final.Json["usage"]!["wall_ms"]! > 10_000, final.ToString());
            Assert.Equal(
                string.Concat(Enumerable.Range(0, Lines).Select(i => $"{n}-{i}\n")),
                Encoding.UTF8.GetString(await Client.OutputAsync(ids[n % 4], counters[n])));
            Assert.Equal(
                string.Concat(Enumerable.Range(0, Lines).Select(i => $"e{n}-{i}\n")),
                Encoding.UTF8.GetString(await Client.OutputAsync(ids[n % 4], counters[n], "stderr")));
        }

        await Task.WhenAll(ids.Select(Client.DeleteAsync));
        await Consistency.SettledAsync(Daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_clean_stop_leaves_sandboxes_and_a_running_command_and_the_next_start_takes_them_over()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["name"] = "stays", ["env"] = new JsonObject { ["KEPT"] = "yes" } });
        await sandbox.RunAsync("echo kept > /file");
        string slot = await sandbox.SlotAsync();
        string exec = await sandbox.StartAsync("i=0; while [ ! -e /stop ]; do echo $i; i=$((i+1)); sleep 0.02; done; exit 9");
        await Poll.UntilAsync(async () => (await Client.ExecOfAsync(sandbox.Id, exec)).StdoutBytes > 0, 10, () => "no output");

        Assert.Equal(0, await Daemon.TerminateAsync());
        long written = new FileInfo(SpoolOf(exec)).Length;
        Assert.Contains(Leftovers.Processes(Daemon), p => p.Line.Contains("/stop", StringComparison.Ordinal));
        await Poll.UntilAsync(() => new FileInfo(SpoolOf(exec)).Length > written, 10, () => "the command stands still without the daemon");
        await Daemon.StartAsync();

        Assert.Equal("kept yes\n", await sandbox.RunAsync("echo $(cat /file) $KEPT; touch /stop"));
        Assert.Equal(slot, await sandbox.SlotAsync());
        ExecReply final = await sandbox.FinalAsync(exec);
        string[] lines = Encoding.UTF8.GetString(await Client.OutputAsync(sandbox.Id, exec)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((9, true), (final.ExitCode, lines.Select((line, i) => line == $"{i}").All(right => right)));
        JsonObject listed = (await Client.SendAsync("GET", "/sandboxes", null, 200))["items"]!.AsArray().Single(s => (string)s!["sandbox_id"]! == sandbox.Id)!.AsObject();
        Assert.Equal("stays", (string?)listed["name"]);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_sandbox_whose_PID_1_is_killed_is_exited_and_starts_again_with_its_files()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("echo kept > /file");
        string slot = await sandbox.SlotAsync();
        string exec = await sandbox.StartAsync("echo begun; sleep 300");
        await Poll.UntilAsync(async () => (await Client.ExecOfAsync(sandbox.Id, exec)).StdoutBytes > 0, 10, () => "no output");

        await KillInitAsync(slot);

        ExecReply final = await sandbox.FinalAsync(exec, 10);
        Assert.Equal(("failed", "sandbox stopped while the command was running", "begun\n"), (final.Status, final.Error, final.Stdout));
        await Poll.UntilAsync(async () => (string?)(await Client.GetAsync(sandbox.Id))["status"] == "exited", 10, () => "the sandbox is not shown as exited");
        Assert.Equal("kept\n", await sandbox.RunAsync("cat /file"));
        Assert.Equal("running", (string?)(await Client.GetAsync(sandbox.Id))["status"]);
        Assert.NotEqual(slot, await sandbox.SlotAsync());
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_sandbox_whose_PID_1_died_while_the_daemon_was_away_is_found_exited_and_starts_again()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("echo kept > /file");
        string slot = await sandbox.SlotAsync();
        string exec = await sandbox.StartAsync("echo begun; sleep 300");
        await Poll.UntilAsync(async () => (await Client.ExecOfAsync(sandbox.Id, exec)).StdoutBytes > 0, 10, () => "no output");

        await Daemon.KillAsync();
        await KillInitAsync(slot);
        await Daemon.StartAsync();

        ExecReply final = await sandbox.FinalAsync(exec, 10);
        Assert.Equal(("failed", "begun\n"), (final.Status, final.Stdout));
        Assert.Contains(final.Error, (string[])["sandbox stopped while the command was running", "exit status was lost while the daemon was down"]);
        Assert.Equal("exited", (string?)(await Client.GetAsync(sandbox.Id))["status"]);
        Assert.Equal("kept\n", await sandbox.RunAsync("cat /file"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("O3")]
    public async Task A_killed_containerd_comes_back_and_takes_no_sandbox_with_it()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string exec = await sandbox.StartAsync("while [ ! -e /stop ]; do sleep 0.05; done; exit 4");
        int containerd = Leftovers.Processes(Daemon).First(p => p.Line.Split(' ')[0].EndsWith("containerd", StringComparison.Ordinal)).Pid;
        using HttpClient http = new() { BaseAddress = new Uri($"http://{Daemon.Address}") };
        async Task<int> ReadyAsync() => (int)(await http.GetAsync(new Uri("/readyz", UriKind.Relative))).StatusCode;
        Assert.Equal(200, await ReadyAsync());

        await ToolRunner.RunAsync("kill", "-9", $"{containerd}");

        HashSet<int> seen = [];
        await Poll.UntilAsync(async () => seen.Add(await ReadyAsync()) ? seen.Contains(503) : seen.Contains(503), 10, () => "readyz never said 503");
        Assert.Equal(200, (await Client.CallAsync("GET", "/healthz")).Status);
        Assert.Equal("works\n", await sandbox.RunAsync("echo works; touch /stop"));
        await Poll.UntilAsync(async () => await ReadyAsync() == 200, 30, () => "readyz does not say 200 again");
        Assert.Equal(4, (await sandbox.FinalAsync(exec)).ExitCode);
        await using TestSandbox fresh = await fixture.SandboxAsync(TestImages.Busybox);
        Assert.Equal("new\n", await fresh.RunAsync("echo new"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("C7", Part = "the engine dies")]
    public async Task Containers_that_containerd_was_making_when_it_was_killed_are_gone_after_the_next_start()
    {
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        Random random = new(7);
        for (int round = 0; round < 6; round++)
        {
            // More than the pool has, so that some have to be made now.
            Task<(int Status, JsonObject Body)>[] creates =
                [.. Enumerable.Range(0, 5).Select(_ => Client.CallAsync("POST", "/sandboxes", new JsonObject { ["image"] = image }))];
            await Task.Delay(random.Next(0, 250));
            int containerd = Leftovers.Processes(Daemon).FirstOrDefault(p => p.Line.Split(' ')[0].EndsWith("containerd", StringComparison.Ordinal)).Pid;
            if (containerd > 0)
            {
                await ToolRunner.RunAsync("kill", "-9", $"{containerd}");
            }

            foreach ((int status, JsonObject body) in await Task.WhenAll(creates))
            {
                Assert.True(status is 201 or 500 or 503, $"{status}: {body.ToJsonString()}");
                if (status == 201)
                {
                    Assert.Equal("works\n", await Client.RunAsync((string)body["sandbox_id"]!, "echo works"));
                    await Client.DeleteAsync((string)body["sandbox_id"]!);
                }
            }
        }

        await Daemon.KillAndRestartAsync();
        await Consistency.SettledAsync(Daemon);
    }

    private static (string Status, int? ExitCode) Ending(ExecReply exec) => (exec.Status, exec.ExitCode);

    private string SpoolOf(string exec) => Path.Combine(Daemon.DataDir, "execs", exec, "stdout");

    // While there is no daemon, a file is made the way the command itself would see it: through its process's root.
    private Task TouchAsync(string sandbox, string path, string exec)
    {
        Assert.StartsWith("sbx_", sandbox, StringComparison.Ordinal);
        int pid = Leftovers.Processes(Daemon).First(p => File.ReadAllText($"/proc/{p.Pid}/cgroup").Contains(exec, StringComparison.Ordinal)).Pid;
        File.WriteAllText($"/proc/{pid}/root{path}", "");
        return Task.CompletedTask;
    }

    private async Task KillInitAsync(string slot)
    {
        int pid = Leftovers.Processes(Daemon).Single(p =>
            p.Line.Contains("sleigh-init", StringComparison.Ordinal) && File.ReadAllText($"/proc/{p.Pid}/cgroup").Contains(slot, StringComparison.Ordinal)).Pid;
        await ToolRunner.RunAsync("kill", "-9", $"{pid}");
    }
}
