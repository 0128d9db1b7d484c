using Sleigh.Cgroups;
using Sleigh.Linux;
using Sleigh.Runtime.Proc;

namespace Sleigh.Runtime.Tests.Proc;

public sealed class ProcTextTests
{
    private const long Mb = 1 << 20;

    private static readonly ProcFigures Some = new()
    {
        MemoryLimit = 256 * Mb,
        Memory = new MemoryShares { Used = 100 * Mb, Anon = 40 * Mb, File = 50 * Mb, ActiveFile = 20 * Mb, InactiveFile = 30 * Mb, SlabReclaimable = 5 * Mb },
        Cpus = CpuSet.Parse("1,3"),
        UserTime = TimeSpan.FromSeconds(10),
        SystemTime = TimeSpan.FromSeconds(4),
        HostUptime = TimeSpan.FromSeconds(1000),
        Tasks = 7,
        Load = new ProcLoad(1.5, 0.25, 0),
    };

    [Fact]
    public void The_limit_is_all_the_memory_there_is_and_cache_is_available()
    {
        MemoryInfo read = MemoryInfo.Parse(ProcText.MemInfo(Some));

        Assert.Equal(new MemoryInfo(256 * Mb, 211 * Mb, 0, 0), read);
        Assert.Contains("\nMemFree:             159744 kB\n", ProcText.MemInfo(Some), StringComparison.Ordinal);
    }

    [Fact]
    public void Use_above_the_limit_leaves_nothing_free_and_no_limit_is_never_no_memory()
    {
        string above = ProcText.MemInfo(Some with { Memory = new MemoryShares { Used = 300 * Mb } });
        string nothing = ProcText.MemInfo(Some with { MemoryLimit = 0 });

        Assert.Contains("\nMemFree:                  0 kB\n", above, StringComparison.Ordinal);
        Assert.StartsWith("MemTotal:                 1 kB\n", nothing, StringComparison.Ordinal);
    }

    [Fact]
    public void The_length_of_meminfo_and_loadavg_stays_whatever_the_figures()
    {
        ProcFigures huge = Some with { MemoryLimit = 4096L * 1024 * Mb, Load = new ProcLoad(1234.5, 99, 12), Tasks = 65_536 };

        Assert.Equal(ProcText.MemInfo(Some).Length, ProcText.MemInfo(huge).Length);
        Assert.Equal(ProcText.LoadAverage(Some).Length, ProcText.LoadAverage(huge).Length);
    }

    [Fact]
    public void Stat_shows_the_sandboxs_time_on_its_own_cpus_and_the_hosts_boot()
    {
        Assert.Equal(
            "cpu  1000 0 400 198600 0 0 0 0 0 0\ncpu1 500 0 200 99300 0 0 0 0 0 0\ncpu3 500 0 200 99300 0 0 0 0 0 0\nintr 0\nctxt 0\nbtime 17\n"
            + "processes 0\nprocs_running 1\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
            ProcText.Stat(Some, "btime 17"));
    }

    [Fact]
    public void Cpuinfo_has_the_blocks_of_the_sandboxs_cpus_and_what_belongs_to_none()
    {
        const string host = "processor\t: 0\nflags\t: a\n\nprocessor\t: 1\nflags\t: b\n\nprocessor\t: 3\nflags\t: c\n\nHardware\t: board\n";

        Assert.Equal("processor\t: 1\nflags\t: b\n\nprocessor\t: 3\nflags\t: c\n\nHardware\t: board\n\n", ProcText.CpuInfo(host, Some.Cpus));
    }

    [Fact]
    public void The_load_average_is_the_cpus_in_use_damped()
    {
        Assert.Equal("1.50 0.25 0.00 1/7 7", ProcText.LoadAverage(Some).TrimEnd());

        ProcLoad load = default(ProcLoad).After(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
        Assert.InRange(load.One, 1.26, 1.27);
        Assert.True(load.One > load.Five && load.Five > load.Fifteen && load.Fifteen > 0);
        Assert.Equal(load, load.After(TimeSpan.Zero, TimeSpan.FromSeconds(1)));
        Assert.True(load.After(TimeSpan.FromHours(3), TimeSpan.Zero).Fifteen < 0.001);
    }

    [Fact]
    public void A_stat_file_without_a_boot_time_is_refused()
    {
        Assert.Equal("btime 5", ProcText.BootTime("cpu 1\nbtime 5\n"));
        Assert.Equal("no 'btime' line in /proc/stat", Assert.Throws<FormatException>(() => ProcText.BootTime("cpu 1\n")).Message);
        Assert.Throws<FormatException>(() => new HostProc(_ => "").Uptime());
        Assert.Equal(TimeSpan.FromSeconds(12.5), new HostProc(_ => "12.50 3.00\n").Uptime());
    }
}
