using Sleigh.Runtime.Checks;

namespace Sleigh.Runtime.Tests.Hosts;

public sealed class FactTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 9, 30, 0, TimeSpan.Zero);

    [Fact]
    public void The_clock_is_sane_and_kept_right()
    {
        Assert.Equal(Finding.Ok("2026-03-01 09:30 UTC, synchronised"), ClockCheck.Judge(Now, true));
        Assert.Equal(("warn", "2026-03-01 09:30 UTC, not synchronised: nobody keeps it right"), (ClockCheck.Judge(Now, false).Result, ClockCheck.Judge(Now, false).Seen));
        Assert.Equal("fail", ClockCheck.Judge(DateTimeOffset.UnixEpoch, true).Result);
        Assert.Equal(Finding.Ok("2026-03-01 09:30 UTC"), ClockCheck.Judge(Now, null));
    }

    [Fact]
    public void Swap_is_added_up_and_is_never_a_fault()
    {
        const string two = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/sda2                               partition\t1048576\t0\t-2\n/swapfile                               file\t\t2097152\t12\t-3";

        Assert.Equal(Finding.Ok("no swap: a sandbox at its limit can only drop file cache; no zswap"), MemoryChecks.Swap(two.Split('\n')[0], null));
        Assert.Equal(Finding.Ok("3 GB of swap; zswap on"), MemoryChecks.Swap(two, "Y"));
        Assert.Equal("3 GB of swap; zswap off", MemoryChecks.Swap(two, "N").Seen);
    }

    [Theory]
    [InlineData(15, "ok")]
    [InlineData(14, "warn")]
    public void Little_memory_is_worth_a_word(long available, string result) => Assert.Equal(result, MemoryChecks.Left(new MemoryInfo(100L << 20, available << 20)).Result);

    [Fact]
    public void Missing_capabilities_are_named()
    {
        Assert.Equal("ok", AccessChecks.Privileges("Name:\tsleighd\nCapEff:\t000001ffffffffff\nSeccomp:\t0").Result);
        Assert.Equal(
            "this process lacks CAP_SYS_PTRACE, CAP_SYS_ADMIN; facts below may be missing too", AccessChecks.Privileges("CapEff:\t000001ffffd7ffff").Seen);
        Assert.Equal("fail", AccessChecks.Privileges("CapEff:\t0000000000000000").Result);
        Assert.Equal("no 'CapEff' line in 'x'", Assert.Throws<FormatException>(() => AccessChecks.Privileges("x")).Message);
    }

    [Fact]
    public void PID_1_is_there_and_can_be_run()
    {
        Assert.Equal("init.path /x does not exist", AccessChecks.Init("/x", null).Seen);
        Assert.Equal(Finding.Fail("init.path /x cannot be executed", "chmod 0755 /x"), AccessChecks.Init("/x", UnixFileMode.UserRead));
        Assert.Equal(Finding.Ok("/x"), AccessChecks.Init("/x", UnixFileMode.UserRead | UnixFileMode.UserExecute));
    }

    [Fact]
    public void The_group_of_the_socket_is_one_of_the_hosts()
    {
        Assert.Equal("ok", AccessChecks.Group("sleigh", "root:x:0:\nsleigh:x:998:ada").Result);
        Assert.Equal(Finding.Warn("there is no group sleigh: only root may use the socket", "groupadd --system sleigh, then systemctl restart sleigh"), AccessChecks.Group("sleigh", "root:x:0:\nsleighs:x:998:"));
    }

    [Fact]
    public void Only_an_enforcing_SELinux_is_a_trouble()
    {
        Assert.Equal(Finding.Ok("lockdown, apparmor; AppArmor is on, sandboxes have no profile of their own"), AccessChecks.Modules("lockdown,apparmor", "Y", null));
        Assert.Equal(Finding.Ok("none listed; AppArmor is off"), AccessChecks.Modules(null, null, "0"));
        Assert.Equal("warn", AccessChecks.Modules("selinux", null, "1").Result);
    }

    [Fact]
    public void What_this_version_does_not_use_is_a_fact_and_no_fault()
    {
        Assert.Equal("ok", ToolChecks.Criu(null).Result);
        Assert.Equal("Version: 3.17.1; this version does not use it", ToolChecks.Criu("Version: 3.17.1").Seen);
    }
}
