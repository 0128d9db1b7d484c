using Sleigh.Cgroups;
using Sleigh.Linux;
using Sleigh.Runtime.Checks;

namespace Sleigh.Runtime.Tests.Hosts;

public sealed class CgroupChecksTests
{
    private const string Unit = "system.slice/sleigh-sandboxes.service";
    private const string Plain = "BOOT_IMAGE=/boot/vmlinuz-6.1.0-18-amd64 root=UUID=1 ro quiet";

    [Theory]
    [InlineData(CgroupMode.Unified, "ok", "version 2 alone")]
    [InlineData(CgroupMode.Hybrid, "warn", "version 2 beside version 1, which may hold controllers")]
    [InlineData(CgroupMode.None, "fail", "no cgroup2 filesystem is mounted")]
    public void The_layout_is_judged(CgroupMode mode, string result, string seen)
    {
        Finding finding = CgroupChecks.Layout(mode, Plain);

        Assert.Equal((result, seen), (finding.Result, finding.Seen));
    }

    [Theory]
    [InlineData("", "add systemd.unified_cgroup_hierarchy=1 to GRUB_CMDLINE_LINUX in /etc/default/grub, run update-grub, reboot")]
    [InlineData(" systemd.unified_cgroup_hierarchy=0", "take systemd.unified_cgroup_hierarchy=0 out of GRUB_CMDLINE_LINUX in /etc/default/grub, run update-grub, reboot")]
    [InlineData(" systemd.unified_cgroup_hierarchy=1 cgroup_disable=memory", "take cgroup_disable=memory out of GRUB_CMDLINE_LINUX in /etc/default/grub, run update-grub, reboot")]
    public void The_remedy_goes_by_what_the_kernel_was_started_with(string more, string remedy) =>
        Assert.Equal(remedy, CgroupChecks.Layout(CgroupMode.Hybrid, Plain + more).Remedy);

    [Fact]
    public void Missing_controllers_are_named_and_memory_with_its_consequence()
    {
        Assert.Equal(Finding.Ok($"memory, pids, cpu, io reach {Unit}"), CgroupChecks.Reach(Unit, Controllers.All, CgroupMode.Unified, Plain));
        Assert.Equal(
            $"io do not reach {Unit}", CgroupChecks.Reach(Unit, Controllers.Memory | Controllers.Pids | Controllers.Cpu, CgroupMode.Unified, Plain).Seen);

        Finding none = CgroupChecks.Reach(Unit, Controllers.None, CgroupMode.Unified, Plain);

        Assert.Equal($"memory, pids, cpu, io do not reach {Unit}; limits are set by the container runtime and do not grow", none.Seen);
        Assert.Equal(("warn", "see delegation: systemd gives all controllers to a unit with Delegate=yes"), (none.Result, none.Remedy));
    }

    [Fact]
    public void Under_systemd_the_subtree_must_be_there_and_delegated()
    {
        Assert.Equal(Finding.Ok($"{Unit} is delegated by systemd"), CgroupChecks.Delegation(Unit, exists: true, systemd: true, "1"));
        Assert.Equal(
            Finding.Warn($"{Unit} is not there", "systemctl start sleigh-sandboxes.service"), CgroupChecks.Delegation(Unit, exists: false, systemd: true, null));
        Finding own = CgroupChecks.Delegation("sleigh", exists: true, systemd: true, null);
        Assert.Equal("sleigh is not delegated: systemd may take its controllers away, and counts it among its own", own.Seen);
        Assert.StartsWith("set cgroup.subtree to system.slice/sleigh-sandboxes.service", own.Remedy, StringComparison.Ordinal);
        Assert.Equal("ok", CgroupChecks.Delegation("sleigh", exists: false, systemd: false, null).Result);
    }

    [Theory]
    [InlineData("rw,nsdelegate,favordynmods,memory_recursiveprot", "ok", null)]
    [InlineData("rw,nsdelegate", "warn", "mount -o remount,favordynmods /sys/fs/cgroup, at each boot; all forks of the host cost a little more then")]
    public void Whether_a_new_container_holds_others_up_goes_by_how_cgroup2_is_mounted(string options, string result, string? remedy)
    {
        Finding finding = CgroupChecks.Changes(MountInfo.Parse(
            $"24 1 254:0 / / rw - ext4 /dev/vda rw\n33 24 0:29 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 {options}\n"));

        Assert.Equal((result, remedy), (finding.Result, finding.Remedy));
        Assert.Equal("warn", CgroupChecks.Changes(MountInfo.Parse("24 1 254:0 / / rw - ext4 /dev/vda rw\n")).Result);
    }

    [Theory]
    [InlineData("some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00", "ok")]
    [InlineData("", "warn")]
    [InlineData(null, "warn")]
    public void Pressure_figures_are_on_when_the_kernel_gives_any(string? text, string result) => Assert.Equal(result, PressureChecks.Figures(text).Result);

    [Fact]
    public void The_windows_go_by_what_the_kernel_allowed()
    {
        Assert.Equal(Finding.Ok("windows of 500 ms are allowed"), PressureChecks.Windows(Errno.None, Errno.None));
        Assert.Equal(
            "only windows that are multiples of 2 s: this process lacks CAP_SYS_RESOURCE", PressureChecks.Windows(Errno.EINVAL, Errno.None).Seen);
        Assert.StartsWith("no windows at all: EACCES", PressureChecks.Windows(Errno.EACCES, Errno.EACCES).Seen, StringComparison.Ordinal);
    }
}
