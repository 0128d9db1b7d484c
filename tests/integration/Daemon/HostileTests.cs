using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Root inside a sandbox against PID 1, the root directory and the kernel, in a sandbox as the API makes it.</summary>
[Collection(DaemonCollection.Name)]
public sealed class HostileTests(DaemonFixture fixture)
{
    // Docker's default list: CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT
    // KILL AUDIT_WRITE.
    private const string DockerCapabilities = "00000000a80425fb";

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Every_attempt_of_root_inside_on_PID_1_the_root_and_the_kernel_is_refused()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await HostileAttempts.AreRefusedAsync(sandbox);
        await StillWellAsync(sandbox);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task As_any_other_user_every_attempt_is_refused_too()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.PutAsync("/hostile", await TestProgram.BuildAsync("hostile", isStatic: true));

        // 2147000001 and the next are users that sleigh-init takes for itself.
        foreach (string user in (string[])["1000", "2147000001", "2147000002", "2147000003"])
        {
            string said = await sandbox.RunAsync("/hostile", JsonFields.Of("user", user));
            string[] holes = [.. said.Split('\n').Where(line => line.EndsWith(" done", StringComparison.Ordinal))];
            Assert.True(holes.Length == 0, $"not refused to {user}: {string.Join(", ", holes)}");
        }

        await StillWellAsync(sandbox);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task No_signal_from_inside_reaches_PID_1()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string other = await sandbox.StartAsync("sleep 1; echo on; exit 5");

        await sandbox.RunAsync("for s in $(seq 1 64); do kill -$s 1 2> /dev/null; done; kill -9 1; kill -STOP 1; kill -SEGV 1; true");

        ExecReply ended = await sandbox.FinalAsync(other);
        Assert.Equal((5, "on\n"), (ended.ExitCode, ended.Stdout));
        await StillWellAsync(sandbox);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_command_has_dockers_capabilities_no_new_privileges_and_a_seccomp_filter()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        Dictionary<string, string> root = await StatusAsync(sandbox, "0");
        Dictionary<string, string> user = await StatusAsync(sandbox, "1000");

        Assert.Equal((DockerCapabilities, DockerCapabilities, DockerCapabilities), (root["CapEff"], root["CapPrm"], root["CapBnd"]));
        Assert.Equal(("0000000000000000", "0000000000000000", DockerCapabilities), (user["CapEff"], user["CapPrm"], user["CapBnd"]));
        foreach (Dictionary<string, string> status in (Dictionary<string, string>[])[root, user])
        {
            Assert.Equal(("0000000000000000", "1", "2"), (status["CapAmb"], status["NoNewPrivs"], status["Seccomp"]));
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_command_has_the_descriptors_0_1_and_2_and_no_others()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        // 3 is the directory that ls itself has open.
        Assert.Equal("0\n1\n2\n3\n", await sandbox.RunAsync("", new JsonObject { ["argv"] = new JsonArray("ls", "/proc/self/fd") }));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Nothing_of_the_host_shows_in_processes_mounts_or_interfaces()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        string mounts = await sandbox.RunAsync("cat /proc/self/mountinfo; cat /proc/mounts");
        string pids = await sandbox.RunAsync("cd /proc; for p in [0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done");
        string interfaces = await sandbox.RunAsync("cut -d: -f1 < /proc/net/dev | tail -n +3 | tr -d ' '");

        Assert.DoesNotContain("/init.sock", mounts, StringComparison.Ordinal);
        Assert.DoesNotContain("/run/sleigh", mounts, StringComparison.Ordinal);
        Assert.DoesNotContain("sleighd", pids, StringComparison.Ordinal);
        Assert.Equal("lo\n", interfaces);
    }

    private async Task StillWellAsync(TestSandbox sandbox)
    {
        Assert.Equal("well\n", await sandbox.RunAsync("echo well"));
        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("echo x > /x");
        await sandbox.RollbackAsync(snapshot);
        Assert.Equal("gone\n", await sandbox.RunAsync("test -e /x || echo gone"));
        Assert.Equal("ready", (string?)(await fixture.Client.SendAsync("GET", "/readyz", null, 200))["status"]);
    }

    private static async Task<Dictionary<string, string>> StatusAsync(TestSandbox sandbox, string user)
    {
        string text = await sandbox.RunAsync("", new JsonObject { ["argv"] = new JsonArray("cat", "/proc/self/status"), ["user"] = user });
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(':', 2)).ToDictionary(p => p[0], p => p[1].Trim());
    }
}
