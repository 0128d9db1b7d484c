using Sleigh.Runtime.Checks;

namespace Sleigh.Runtime.Tests.Hosts;

public sealed class LimitChecksTests
{
    private const string Limits =
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        + "Max processes             96365                96365                processes \n"
        + "Max open files            1024                 HARD                 files     \n"
        + "Max locked memory         8388608              8388608              bytes     ";

    [Fact]
    public void The_hard_limit_of_files_counts_and_none_is_none()
    {
        Assert.Equal(Finding.Ok("524288 for this process: room for about 37449 sandboxes"), LimitChecks.Files(Limits.Replace("HARD", "524288", StringComparison.Ordinal), 500));
        Assert.Equal(Finding.Ok("no limit"), LimitChecks.Files(Limits.Replace("HARD", "unlimited", StringComparison.Ordinal), 500));
        Finding few = LimitChecks.Files(Limits.Replace("HARD", "1024", StringComparison.Ordinal), 500);
        Assert.Equal(("warn", "1024 for this process: room for about 73 sandboxes, where memory would hold 500"), (few.Result, few.Seen));
        Assert.Equal("no 'Max open files' line in 'x'", Assert.Throws<FormatException>(() => LimitChecks.Files("x", 1)).Message);
    }

    [Fact]
    public void The_smaller_of_process_limits_counts_and_the_remedy_names_it()
    {
        Assert.Equal("echo kernel.pid_max=4194304 > /etc/sysctl.d/60-sleigh-processes.conf && sysctl --system", LimitChecks.Processes(2400, 100_000, null, 500).Remedy);
        Assert.Equal("pid_max 4194304, threads-max 2400: room for about 100 sandboxes, where memory would hold 500", LimitChecks.Processes(4_194_304, 2400, null, 500).Seen);
        Assert.StartsWith("echo kernel.threads-max", LimitChecks.Processes(4_194_304, 2400, 5000, 500).Remedy, StringComparison.Ordinal);
        Assert.Equal(
            Finding.Warn(
                "pid_max 4194304, threads-max 250000, 4800 for all sandboxes: room for about 200 sandboxes, where memory would hold 500",
                "systemctl edit sleigh-sandboxes: [Service] TasksMax=infinity"),
            LimitChecks.Processes(4_194_304, 250_000, 4800, 500));
        Assert.Equal("ok", LimitChecks.Processes(4_194_304, 250_000, null, 500).Result);
    }

    [Fact]
    public void Inotify_bounds_sandboxes_on_cgroup_v2_alone()
    {
        Assert.Equal(("warn", "128 instances and 65536 watches for each user: room for about 128 sandboxes, where memory would hold 500"), Seen(unified: true));
        Assert.Equal(("ok", "128 instances and 65536 watches for each user; containers need none without cgroup v2"), Seen(unified: false));

        static (string, string) Seen(bool unified)
        {
            Finding finding = LimitChecks.Inotify(128, 65536, unified, 500);
            return (finding.Result, finding.Seen);
        }
    }

    [Fact]
    public void The_scarcest_kind_of_namespace_counts()
    {
        Finding finding = LimitChecks.Namespaces([("mnt", 63000), ("net", 10), ("pid", null)], 500);

        Assert.Equal(("warn", "at least 10 of each kind (net is the scarcest): room for about 10 sandboxes, where memory would hold 500"), (finding.Result, finding.Seen));
        Assert.Contains("user.max_net_namespaces=65536", finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Keyrings_bound_them_too()
    {
        Assert.Equal(Finding.Ok("1000000 for root: room for more than 100000 sandboxes"), LimitChecks.Keys(1_000_000, 500));
        Assert.Equal("warn", LimitChecks.Keys(200, 500).Result);
        Assert.Equal("ok", LimitChecks.Keys(null, 500).Result);
    }

    [Theory]
    [InlineData(2L << 30, 128)]
    [InlineData(512L << 30, 1000)]
    public void Memory_says_how_many_would_be_wanted(long total, long sandboxes) => Assert.Equal(sandboxes, LimitChecks.ByMemory(total));
}
