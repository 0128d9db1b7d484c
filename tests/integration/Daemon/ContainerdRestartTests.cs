using System.Text;
using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.Linux;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>The system's containerd hangs, dies and comes back under a running daemon.</summary>
[Collection(DaemonCollection.Name)]
public sealed class ContainerdRestartTests
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Sandboxes_and_commands_go_on_and_the_daemon_finds_it_again_by_itself()
    {
        await using PrivateContainerd world = new();
        await world.InitializeAsync();
        await using TestDaemon daemon = new(("containerd.mode", "system"), ("containerd.address", world.Options.SocketPath), ("pool.size", "1"));
        using NotifySocket systemd = new(daemon, watchdogSeconds: 4);
        await daemon.StartAsync();
        using TestImages images = new(daemon);
        string image = await images.HaveAsync(TestImages.Busybox);
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string sandbox = await client.NewAsync(image);
        string exec = await client.StartAsync(sandbox, "i=0; while [ ! -e /stop ]; do echo $i; i=$((i+1)); sleep 0.02; done; exit 9");

        // Hanging: the daemon says what is wrong, serves what needs no containerd, and gives its signs of life.
        int pid = world.Supervisor.Pid;
        await ToolRunner.RunAsync("kill", "-STOP", $"{pid}");
        await systemd.StatusAsync("degraded: containerd does not answer; sandboxes and their commands go on; serving on ", 60);
        (int status, JsonObject ready) = await client.CallAsync("GET", "/readyz");
        Assert.Equal((503, "not ready: containerd"), (status, (string)ready["error"]!));
        Assert.Equal(200, (await client.CallAsync("GET", "/healthz")).Status);
        int beats = systemd.Beats;
        Assert.Equal("usable\n", await client.RunAsync(sandbox, "echo usable"));
        await systemd.UntilAsync(_ => systemd.Beats > beats + 2, 20, "no sign of life while containerd hangs");
        await ToolRunner.RunAsync("kill", "-CONT", $"{pid}");
        await systemd.UntilAsync(_ => systemd.Status.StartsWith("serving on ", StringComparison.Ordinal), 60, "it is still degraded");
        Assert.Equal(200, (await client.CallAsync("GET", "/readyz")).Status);

        // Dead and started again with the same directories, as a restart of its service does.
        using (ProcessHandle process = ProcessHandle.Open(pid))
        {
            process.TrySignal(Signals.Kill);
        }

        await Eventually.TrueAsync(() => world.Supervisor.Pid != pid, "another containerd is started");
        await Poll.UntilAsync(async () => (await client.CallAsync("GET", "/readyz")).Status == 200, 30, () => "not ready again");
        Assert.Equal("usable\n", await client.RunAsync(sandbox, "echo usable"));
        string other = await client.NewAsync(image);
        Assert.Equal("new\n", await client.RunAsync(other, "echo new"));

        await client.RunAsync(sandbox, "touch /stop");
        ExecReply final = await client.FinalAsync(sandbox, exec, 20);
        string[] lines = Encoding.UTF8.GetString(await client.OutputAsync(sandbox, exec)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(9, final.ExitCode);
        Assert.Equal(Enumerable.Range(0, lines.Length).Select(i => $"{i}"), lines);
        await Task.WhenAll(client.DeleteAsync(sandbox), client.DeleteAsync(other));
        Assert.Equal(0, await daemon.TerminateAsync());
        (int ended, string said) = await daemon.RunToEndAsync("stop-all");
        Assert.True(ended == 0, said);
    }
}
