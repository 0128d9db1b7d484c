using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Attempts on what all sandboxes share: while each goes on, a neighbour works, and afterwards the host is as it was.</summary>
[Collection(DaemonCollection.Name)]
public sealed class HarmTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Who_hoards_open_files_is_held_at_the_limit_of_each_process_and_takes_nothing_from_neighbours()
    {
        await using TestSandbox neighbour = await fixture.SandboxAsync(TestImages.Busybox);
        await using TestSandbox hoarder = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["memory_limit_mb"] = 512, ["auto_expand_memory"] = false });
        long limit = (long)(await hoarder.ViewAsync())["isolation"]!["limits"]!["open_files"]!;
        await hoarder.PutAsync("/hoard", await TestProgram.BuildAsync("hoard", isStatic: true));

        string hoard = await hoarder.StartAsync("/hoard 4");
        await Poll.UntilAsync(
            async () => Lines((await fixture.Client.ExecOfAsync(hoarder.Id, hoard)).Stdout).Length == 4, 60, () => "the four hoarders are not done");

        string[] said = Lines((await fixture.Client.ExecOfAsync(hoarder.Id, hoard)).Stdout);
        // EMFILE, with 0, 1, 2 and a few more that were open before.
        Assert.All(said, line => Assert.Matches(@"^\d+ 24 held$", line));
        Assert.All(said, line => Assert.InRange(long.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture), limit - 16, limit));
        Assert.Equal("2000\n", await neighbour.RunAsync("i=0; while [ $i -lt 2000 ]; do i=$((i+1)); : < /dev/null || break; done; echo $i"));
        Assert.Equal("ready", (string?)(await fixture.Client.SendAsync("GET", "/readyz", null, 200))["status"]);
        await hoarder.RunAsync("touch /stop");
        Assert.Equal(0, (await hoarder.FinalAsync(hoard)).ExitCode);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_setuid_program_makes_nobody_root_and_file_capabilities_give_nothing()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("mkdir /suid /sgid && cp /bin/busybox /suid/id && chmod 4755 /suid/id && cp /bin/busybox /sgid/id && chmod 2755 /sgid/id");

        Assert.Equal("1000\n1000\n", await sandbox.RunAsync("/suid/id -u; /sgid/id -g", JsonFields.Of("user", "1000:1000")));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Neighbours_answer_while_one_bombs_forks_memory_and_cpu_at_once_and_the_bomber_can_be_deleted()
    {
        await using TestSandbox neighbour = await fixture.SandboxAsync(TestImages.Busybox);
        await using TestSandbox bomber = await fixture.SandboxAsync(
            TestImages.Busybox, new JsonObject { ["memory_limit_mb"] = 64, ["auto_expand_memory"] = false, ["pids_limit"] = 60, ["cpus"] = 0.5 });

        await bomber.StartAsync("mkfifo /f; exec 3<> /f; b() { b | b & }; (while :; do b; done) 2> /dev/null & read x <&3");
        await bomber.StartAsync("while :; do head -c 200m /dev/zero | tail -n 1 > /dev/null; done");
        await bomber.StartAsync("while :; do dd if=/dev/zero of=/dev/shm/x bs=1M count=200 2> /dev/null; done");
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal($"{i}\n", await neighbour.RunAsync($"echo {i}"));
        }

        string snapshot = await neighbour.SnapshotAsync();
        await neighbour.RollbackAsync(snapshot);
        await bomber.DisposeAsync();
        Assert.Equal("fine\n", await neighbour.RunAsync("echo fine"));
        Assert.Equal("ready", (string?)(await fixture.Client.SendAsync("GET", "/readyz", null, 200))["status"]);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Root_inside_finds_no_cgroup_no_raw_interface_and_no_socket_of_the_host()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, JsonFields.Of("network", "none"));

        Assert.Equal("", await sandbox.RunAsync("grep -E ' cgroup2? ' /proc/mounts; find / -xdev -name cgroup.procs 2> /dev/null; true"));
        Assert.NotEqual(0, (await sandbox.ExecAsync("mkdir /cg && mount -t cgroup2 none /cg")).ExitCode);
        Assert.NotEqual(0, (await sandbox.ExecAsync("ls /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/unified")).ExitCode);

        // sleigh-init's own is listed, at a path that is not in the tree; hostile.c cannot reach it.
        Assert.Equal("", await sandbox.RunAsync("tail -n +2 /proc/net/unix | grep / | grep -v ' /run/sleigh/'; ls -d /run/sleigh 2> /dev/null; true"));
        int port = fixture.Daemon.Address.Port;
        foreach (string address in (string[])["127.0.0.1", "169.254.169.254", "10.0.0.1"])
        {
            Assert.NotEqual(0, (await sandbox.ExecAsync($"echo | timeout 5 nc -w 2 {address} {port}")).ExitCode);
        }
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
