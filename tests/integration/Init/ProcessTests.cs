using System.Globalization;
using Sleigh.Linux;
using Sleigh.Runtime.Init;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Init;

public sealed class ProcessTests
{
    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_command_has_three_descriptors_its_own_session_and_default_signals()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        // perl passes on what it got, except for the descriptor of the directory it reads.
        SlotExec exec = await slot.ShellAsync("""
            perl -e 'opendir(D, "/proc/self/fd"); my $own = fileno(D); print join(" ", sort grep { /\d/ && $_ != $own } readdir(D)), "\n"'
            ps -o sid= -p $$ | tr -d ' ' ; echo $$
            grep -E '^Sig(Blk|Ign)|^NoNewPrivs|^Seccomp:' /proc/self/status
            ulimit -n
            """);

        string[] lines = exec.Stdout.Split('\n');
        Assert.Equal("0 1 2", lines[0]);
        Assert.Equal(lines[2], lines[1]);
        Assert.Equal(["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"], lines[3..7]);
        Assert.Equal(SoftFileLimit().ToString(CultureInfo.InvariantCulture), lines[7]);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Root_has_the_capabilities_of_the_mask_and_another_user_none()
    {
        const ulong Mask = (1 << 0) | (1 << 5) | (1 << 13) | (1UL << 21) | (1UL << 40);
        const ulong Expected = (1 << 0) | (1 << 5) | (1 << 13);
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec root = await slot.ShellAsync("grep ^Cap /proc/self/status", start => start with { Capabilities = Mask });
        SlotExec all = await slot.ShellAsync("grep ^Cap /proc/self/status");
        SlotExec user = await slot.ShellAsync(
            "grep ^Cap /proc/self/status", start => start with { Capabilities = Mask, Uid = 1000, Gid = 1000 });
        SlotExec chroot = await slot.ShellAsync("chroot / true", start => start with { Capabilities = Mask });

        Assert.Equal(Capabilities(0, Expected, Expected, Expected, 0), root.Stdout);
        Assert.Equal(Capabilities(0, InitSlot.DefaultCapabilities, InitSlot.DefaultCapabilities, InitSlot.DefaultCapabilities, 0), all.Stdout);
        Assert.Equal(Capabilities(0, 0, 0, Expected, 0), user.Stdout);
        Assert.Contains("Operation not permitted", chroot.Stderr, StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_command_is_born_in_its_own_cgroup_with_its_own_oom_score()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec exec = await slot.ShellAsync(
            "grep ^0:: /proc/self/cgroup; cat /proc/self/oom_score_adj", start => start with { OomScoreAdj = 300 });
        SlotExec without = await slot.ShellAsync("grep ^0:: /proc/self/cgroup", start => start with { Cgroup = null });

        Assert.Equal($"0::/{Path.GetFileName(slot.CgroupPath)}/{exec.Id}\n300\n", exec.Stdout);
        Assert.Equal("0::/\n", without.Stdout);
        Directory.Delete(exec.Leaf);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Where_init_has_no_clone3_a_command_moves_to_its_cgroup_by_itself()
    {
        await using InitSlot slot = await InitSlot.StartAsync(clone3: false);

        SlotExec exec = await slot.ShellAsync("grep ^0:: /proc/self/cgroup; grep ^Seccomp_filters /proc/self/status");

        Assert.Equal($"0::/{Path.GetFileName(slot.CgroupPath)}/{exec.Id}\nSeccomp_filters:\t2\n", exec.Stdout);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Clone3_does_not_exist_for_a_command()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec exec = await slot.ShellAsync("perl -e 'print syscall(435, 0, 0), q( ), $!+0, qq(\\n)'");

        Assert.Equal($"-1 {(int)Errno.ENOSYS}\n", exec.Stdout);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Orphans_are_reaped()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        // Each subshell leaves a child behind that ends after its parent.
        await slot.ShellAsync("i=0; while [ $i -lt 300 ]; do (sleep 0.3 &) ; i=$((i+1)); done");

        InitFigures figures = await slot.Connection.PingAsync(default);
        for (int i = 0; figures.Reaped < 301 && i < 200; i++)
        {
            await Task.Delay(50);
            figures = await slot.Connection.PingAsync(default);
        }

        Assert.True(figures.Reaped >= 301, $"{figures}");
        Assert.Equal("", (await File.ReadAllTextAsync($"/proc/{slot.HostPid}/task/{slot.HostPid}/children")).Trim());
        Assert.Equal(0, figures.Lingering);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_process_left_behind_lives_on_and_may_write_without_holding_up_the_end()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec exec = await slot.ShellAsync(
            "(trap 'echo pipe > /tmp/signal' PIPE; i=0; while [ $i -lt 2000 ]; do echo noise $i; i=$((i+1)); done; sleep 0.3;"
            + " seq 1 200000 && echo done > /tmp/finished; sleep 600) & echo started");
        Assert.StartsWith("started\n", string.Concat(exec.Stdout.Split("noise")[0]), StringComparison.Ordinal);
        Assert.True(exec.Record!.Wall < TimeSpan.FromMilliseconds(290), $"{exec.Record.Wall}");
        Assert.InRange((await slot.Connection.PingAsync(default)).Lingering, 1, 2);

        SlotExec look = await slot.ShellAsync("while ! [ -e /tmp/finished ]; do sleep 0.05; done; ls /tmp");

        Assert.Contains("finished", look.Stdout, StringComparison.Ordinal);
        Assert.DoesNotContain("signal", look.Stdout, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(exec.Leaf, "cgroup.kill"), "1");
        for (int i = 0; (await slot.Connection.PingAsync(default)).Lingering > 0; i++)
        {
            Assert.True(i < 200, "pipes still linger");
            await Task.Delay(10);
        }
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_process_that_writes_without_end_does_not_hold_up_the_end_of_its_parent()
    {
        await using InitSlot slot = await InitSlot.StartAsync();

        SlotExec exec = await slot.ShellAsync("yes & yes >&2 & exit 3");

        Assert.Equal(3, exec.Record!.ExitCode);
        await slot.Connection.PingAsync(default).WaitAsync(TimeSpan.FromSeconds(5));
        await File.WriteAllTextAsync(Path.Combine(exec.Leaf, "cgroup.kill"), "1");
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_signal_reaches_the_whole_group_of_the_command()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SlotExec exec = await slot.StartAsync(["sh", "-c", "trap 'echo got it; exit 7' TERM; while :; do sleep 0.02; done"]);
        await Task.Delay(100);

        Assert.Equal(Errno.None, await slot.Connection.SignalAsync(exec.Id, 15, default));
        ExecRecord record = await exec.EndAsync();

        Assert.Equal(7, record.ExitCode);
        Assert.Equal("got it\n", exec.Stdout);
        Assert.Equal(Errno.ESRCH, await slot.Connection.SignalAsync(exec.Id, 15, default));
        Assert.Equal(Errno.ENOENT, await slot.Connection.SignalAsync(Sleigh.Runtime.ExecId.New(), 15, default));
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_start_in_a_frozen_cgroup_holds_up_nothing_else()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SlotExec frozen = new(slot, Sleigh.Runtime.ExecId.New());
        await File.WriteAllTextAsync(Path.Combine(frozen.Leaf, "cgroup.freeze"), "1");

        Task<SlotExec> starting = slot.StartAsync(frozen.Request(["true"]), frozen);
        SlotExec other = await slot.ShellAsync("echo here").WaitAsync(TimeSpan.FromSeconds(5));

        Assert.Equal("here\n", other.Stdout);
        Assert.False(starting.IsCompleted);
        ListedExec listed = Assert.Single(await slot.Connection.ListAsync(default), exec => exec.Id == frozen.Id);
        Assert.Equal(ExecState.Starting, listed.State);
        await File.WriteAllTextAsync(Path.Combine(frozen.Leaf, "cgroup.freeze"), "0");
        await starting;
        Assert.Equal(0, (await frozen.EndAsync()).ExitCode);
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task A_whole_tree_dies_with_its_cgroup()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        using SlotExec exec = await slot.StartAsync(["sh", "-c", "setsid sleep 600 & (sleep 600 &); sleep 600"]);
        await Task.Delay(100);

        await File.WriteAllTextAsync(Path.Combine(exec.Leaf, "cgroup.kill"), "1");
        ExecRecord record = await exec.EndAsync();

        Assert.Equal(9, record.Signal);
        for (int i = 0; !(await File.ReadAllTextAsync(Path.Combine(exec.Leaf, "cgroup.events"))).Contains("populated 0", StringComparison.Ordinal); i++)
        {
            Assert.True(i < 200, "the cgroup still has processes");
            await Task.Delay(10);
        }

        Directory.Delete(exec.Leaf);
    }

    private static long SoftFileLimit()
    {
        string line = File.ReadLines("/proc/self/limits").Single(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4], CultureInfo.InvariantCulture);
    }

    private static string Capabilities(ulong inheritable, ulong permitted, ulong effective, ulong bounding, ulong ambient) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"CapInh:\t{inheritable:x16}\nCapPrm:\t{permitted:x16}\nCapEff:\t{effective:x16}\nCapBnd:\t{bounding:x16}\nCapAmb:\t{ambient:x16}\n");
}
