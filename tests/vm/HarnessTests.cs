using System.Net.Sockets;
using System.Text;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;

namespace Sleigh.VmTests;

/// <summary>That what all other tests here stand on can be believed.</summary>
[TestCaseOrderer(typeof(InOrderOfSource))]
public sealed class HarnessTests(SharedMachine shared) : MachineTest(shared)
{
    [HostFact(Need.VirtualMachine)]
    public async Task The_machine_is_the_one_that_was_asked_for()
    {
        string release = await Machine.ReadTextAsync("/etc/debian_version");

        Assert.StartsWith(Machine.Kind == MachineKind.Debian12 ? "12." : "13.", release, StringComparison.Ordinal);
        Assert.Equal("systemd", (await Machine.MustRunAsync("cat", "/proc/1/comm")).Text);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task It_has_cgroup_v2_with_its_controllers_and_pressure_with_any_window()
    {
        Assert.Equal("cgroup2fs", (await Machine.MustRunAsync("stat", "-fc", "%T", "/sys/fs/cgroup")).Text);
        string[] controllers = (await Machine.ReadTextAsync("/sys/fs/cgroup/cgroup.controllers")).Split();
        Assert.Superset(new HashSet<string> { "cpu", "cpuset", "io", "memory", "pids" }, controllers.ToHashSet());
        Assert.StartsWith("some avg10=", await Machine.ReadTextAsync("/proc/pressure/memory"), StringComparison.Ordinal);
        await Machine.MustShellAsync("exec 3<> /proc/pressure/memory && echo 'some 25000 500000' >&3");
    }

    [HostFact(Need.VirtualMachine)]
    public async Task Nothing_of_what_Sleigh_needs_is_installed_and_all_of_it_can_be()
    {
        Assert.NotEqual(0, (await Machine.ShellAsync("command -v containerd || command -v runc || command -v mkfs.btrfs")).ExitCode);
        string plan = (await Machine.MustRunAsync("apt-get", "install", "--simulate", "containerd", "runc", "crun", "btrfs-progs", "libsqlite3-0")).Stdout;
        Assert.All(["containerd", "runc", "btrfs-progs"], name => Assert.Contains($"Inst {name} ", plan, StringComparison.Ordinal));
        await Machine.MustShellAsync("modprobe overlay && modprobe btrfs && modprobe loop");
        Assert.True(await Machine.ExistsAsync(VirtualMachine.QuickstartArchive) && await Machine.ExistsAsync(VirtualMachine.BusyboxArchive));
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_command_has_its_input_output_errors_and_exit_code()
    {
        GuestResult result = await Machine.RunAsync(GuestCommand.Shell("cat; echo \"$1 $X\" >&2; exit 3", "a  b") with
        {
            Stdin = Encoding.UTF8.GetBytes("zwölf\n"),
            Environment = new Dictionary<string, string> { ["X"] = "y" },
        });

        Assert.Equal((3, "zwölf\n", "a  b y\n"), (result.ExitCode, result.Stdout, result.Stderr));
        Assert.Equal(137, (await Machine.ShellAsync("kill -9 $$")).ExitCode);
        var failure = Assert.Throws<GuestException>(() => result.MustSucceed());
        Assert.Equal("'sh -c cat; echo \"$1 $X\" >&2; exit 3 sh a  b' ended with exit code 3\nstderr: a  b y\nstdout: zwölf", failure.Message);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_command_that_takes_too_long_is_killed()
    {
        var failure = await Assert.ThrowsAsync<GuestException>(() =>
            Machine.RunAsync(GuestCommand.Shell("sleep 4711") with { Timeout = TimeSpan.FromSeconds(1) }));

        Assert.Equal("'sh -c sleep 4711 sh' was not done after 1 s and was killed", failure.Message);
        Assert.Equal("", (await Machine.ShellAsync("sleep 0.5; pgrep -fx 'sleep 4711'")).Text);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task Commands_run_side_by_side()
    {
        Task<GuestResult> reader = await Machine.StartCommandAsync(GuestCommand.Shell("mkfifo /run/meet; cat /run/meet"));
        await Machine.MustShellAsync("until [ -p /run/meet ]; do sleep 0.1; done; echo met > /run/meet");

        Assert.Equal("met", (await reader).Text);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task Files_come_in_and_out_unchanged()
    {
        string here = Path.GetTempFileName();
        byte[] content = new byte[18_000_000];
        new Random(1).NextBytes(content);
        try
        {
            await File.WriteAllBytesAsync(here, content);
            File.SetUnixFileMode(here, (UnixFileMode)Convert.ToInt32("751", 8));
            await Machine.CopyInAsync(here, "/root/deep/folder/file");
            await Machine.CopyInAsync("/dev/null", "/root/deep/empty");
            await Machine.CopyOutAsync("/root/deep/folder/file", here);

            Assert.Equal(content, await File.ReadAllBytesAsync(here));
            Assert.Equal("751 18000000", (await Machine.MustRunAsync("stat", "-c", "%a %s", "/root/deep/folder/file")).Text);

            await Machine.CopyOutAsync("/root/deep/empty", here);
            Assert.Empty(await File.ReadAllBytesAsync(here));
            await Assert.ThrowsAsync<GuestException>(() => Machine.CopyInAsync("/etc/hostname", "/proc/no/such"));
            await Machine.CopyInAsync("/etc/hostname", "/root/after");
        }
        finally
        {
            File.Delete(here);
        }
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_port_of_the_machine_is_reached_from_here()
    {
        await Machine.WriteTextAsync("/run/systemd/system/hello.socket", "[Socket]\nListenStream=10122\nAccept=yes\n");
        await Machine.WriteTextAsync("/run/systemd/system/hello@.service", "[Service]\nExecStart=echo hello\nStandardOutput=socket\n");
        await Machine.MustShellAsync("systemctl daemon-reload && systemctl start hello.socket");

        using TcpClient client = new();
        await client.ConnectAsync("127.0.0.1", Machine.ForwardedPort(10122));
        using StreamReader reader = new(client.GetStream());
        Assert.Equal("hello", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)));

        await Machine.MustShellAsync("systemctl stop hello.socket && rm /run/systemd/system/hello* && systemctl daemon-reload");
    }

    [HostFact(Need.VirtualMachine)]
    public async Task It_reaches_no_network()
    {
        // The first would be this host by QEMU's usual network; the second is no host at all.
        foreach (string address in new[] { "10.0.2.2/22", "192.0.2.1/80" })
        {
            Assert.NotEqual(0, (await Machine.RunAsync("timeout", "3", "bash", "-c", $": < /dev/tcp/{address}")).ExitCode);
        }
    }

    [HostFact(Need.VirtualMachine)]
    public async Task What_it_can_tell_is_collected()
    {
        string folder = await MachineReport.CollectAsync(Machine, "Harness/report");

        Assert.EndsWith(Path.Combine("vm", Machine.Kind.Word(), "Harness-report"), folder, StringComparison.Ordinal);
        Assert.Contains("systemd", await File.ReadAllTextAsync(Path.Combine(folder, "journal.log")), StringComparison.Ordinal);
        Assert.Contains("/sys/fs/cgroup", await File.ReadAllTextAsync(Path.Combine(folder, "host.txt")), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_reboot_is_a_new_boot_with_the_same_files()
    {
        string before = await Machine.BootIdAsync();
        await Machine.WriteTextAsync("/root/kept", "still here\n");
        await Machine.WriteTextAsync("/run/gone", "memory only\n");

        Assert.Equal("running", await Machine.RebootAsync());

        Assert.NotEqual(before, await Machine.BootIdAsync());
        Assert.Equal("still here\n", await Machine.ReadTextAsync("/root/kept"));
        Assert.False(await Machine.ExistsAsync("/run/gone"));
        Assert.Equal("2", (await Machine.MustShellAsync("journalctl --list-boots --quiet --no-pager | grep -c .")).Text);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_power_cut_leaves_what_was_synced()
    {
        await Machine.WriteTextAsync("/root/synced", "safe\n");
        await Machine.MustRunAsync("sync");

        Assert.Equal("running", await Machine.CutPowerAsync());

        Assert.Equal("safe\n", await Machine.ReadTextAsync("/root/synced"));
    }
}
