namespace Sleigh.Cgroups.Tests;

public sealed class ParserTests
{
    [Fact]
    public void Events_skip_unknown_lines() =>
        Assert.Equal(new CgroupEvents(true, false), CgroupEvents.Parse("populated 1\nfrozen 0\nnew 7\nodd\n"));

    [Fact]
    public void A_kernel_without_freezer_is_not_frozen() =>
        Assert.Equal(new CgroupEvents(false, false), CgroupEvents.Parse("populated 0\n"));

    [Theory]
    [InlineData("")]
    [InlineData("p")]
    [InlineData("populated")]
    [InlineData("populated ")]
    [InlineData("populated x\n")]
    [InlineData("frozen 1\n")]
    public void Events_without_populated_are_refused(string text) => Refused(text, CgroupEvents.Parse);

    [Fact]
    public void Memory_events_are_read() =>
        Assert.Equal(
            new MemoryEvents(1, 2, 3, 4, 5, 6),
            MemoryEvents.Parse("low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\nsock_throttled 9\n"));

    [Fact]
    public void A_kernel_without_group_kill_counts_none() =>
        Assert.Equal(0, MemoryEvents.Parse("low 0\nhigh 0\nmax 0\noom 0\noom_kill 1\n").OomGroupKill);

    [Theory]
    [InlineData("")]
    [InlineData("low 0\nhigh 12")]
    [InlineData("low 0\nhigh 1\nmax 0\noom 0\noom_k")]
    public void Memory_events_cut_off_are_refused(string text) => Refused(text, MemoryEvents.Parse);

    [Fact]
    public void Cpu_figures_are_microseconds()
    {
        CpuStat stat = CpuStat.Parse("usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\nnice_usec 0\nnr_periods 2\nthrottled_usec 30\n");

        Assert.Equal(TimeSpan.FromSeconds(1.5), stat.Usage);
        Assert.Equal(TimeSpan.FromSeconds(1), stat.User);
        Assert.Equal(TimeSpan.FromSeconds(0.5), stat.System);
        Assert.Equal(TimeSpan.FromMicroseconds(30), stat.Throttled);
    }

    [Fact]
    public void Without_the_cpu_controller_nothing_is_known_of_throttling() =>
        Assert.Null(CpuStat.Parse("usage_usec 1\nuser_usec 1\nsystem_usec 0\n").Throttled);

    [Theory]
    [InlineData("")]
    [InlineData("usage_usec 1\nuser_us")]
    [InlineData("usage_usec\n")]
    public void Cpu_figures_cut_off_are_refused(string text) => Refused(text, CpuStat.Parse);

    [Fact]
    public void Pressure_is_read()
    {
        Pressure pressure = Pressure.Parse("some avg10=1.25 avg60=0.50 avg300=100.00 total=12345 new=1\nfull avg10=0.00 avg60=0.00 avg300=0.10 total=5\nmore x=1\n");

        Assert.Equal(new StallFigures(1.25, 0.5, 100, TimeSpan.FromMicroseconds(12345)), pressure.Some);
        Assert.Equal(new StallFigures(0, 0, 0.1, TimeSpan.FromMicroseconds(5)), pressure.Full);
    }

    [Fact]
    public void Without_a_full_line_nothing_was_full() =>
        Assert.Equal(default, Pressure.Parse("some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n").Full);

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("some")]
    [InlineData("some avg10=")]
    [InlineData("some avg10=0.00 avg60=0.00 avg300=0.00")]
    [InlineData("some avg10=0.00 avg60=0.00 avg300=0.00 total=")]
    [InlineData("some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.0")]
    public void Pressure_cut_off_is_refused(string text) => Refused(text, Pressure.Parse);

    [Fact]
    public void Io_is_added_up_over_devices() =>
        Assert.Equal(
            new IoStat(30, 5, 3, 1),
            IoStat.Parse("8:0 rbytes=10 wbytes=5 rios=1 wios=1 dbytes=9 dios=9\n8:16 rbytes=20 wbytes=0 rios=2 wios=0\n7:0\n"));

    [Theory]
    [InlineData("")]
    [InlineData("8:0")]
    [InlineData("8:0 rbytes=")]
    [InlineData("8:0 rby")]
    public void Io_cut_off_counts_nothing(string text) => Assert.Equal(default, IoStat.Parse(text));

    [Fact]
    public void Io_of_a_device_that_is_skipped_is_not_counted_again() => Assert.Equal(
        new IoStat(10, 5, 1, 1),
        IoStat.Parse("7:0 rbytes=10 wbytes=5 rios=1 wios=1\n8:0 rbytes=10 wbytes=5 rios=1 wios=1\n", device => device == "7:0"));

    [Theory]
    [InlineData("max\n", null)]
    [InlineData("0\n", 0L)]
    [InlineData("9223372036854771712", 9223372036854771712L)]
    public void A_limit_is_a_number_or_max(string text, long? limit) => Assert.Equal(limit, LimitValue.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("ma")]
    [InlineData("-1")]
    [InlineData("1 2")]
    public void Another_limit_is_refused(string text) => Refused(text, LimitValue.Parse);

    [Fact]
    public void Cpu_max_is_a_quota_and_a_period()
    {
        Assert.Equal(new CpuMax(null, TimeSpan.FromMilliseconds(100)), CpuMax.Parse("max 100000\n"));
        Assert.Equal(CpuMax.OfCpus(1.5), CpuMax.Parse("150000 100000\n"));
        Assert.Equal("150000 100000", CpuMax.OfCpus(1.5).ToString());
        Assert.Equal("5000 100000", CpuMax.OfCpus(0.05).ToString());
        Assert.Equal("max 100000", CpuMax.OfCpus(null).ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => CpuMax.OfCpus(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => CpuMax.OfCpus(double.NaN));
    }

    [Theory]
    [InlineData("")]
    [InlineData("max")]
    [InlineData("max ")]
    [InlineData("100000 max")]
    public void Cpu_max_cut_off_is_refused(string text) => Refused(text, CpuMax.Parse);

    [Fact]
    public void Controllers_that_nobody_knows_are_skipped()
    {
        Assert.Equal(Controllers.Cpu | Controllers.Memory, ControllerList.Parse("cpu hugetlb memory\n"));
        Assert.Equal(Controllers.None, ControllerList.Parse("\n"));
        Assert.Equal(["cpu", "memory", "pids", "io", "cpuset"], Controllers.All.Words());
    }

    [Fact]
    public void Processes_of_other_namespaces_are_left_out() =>
        Assert.Equal([12, 7], Cgroup.ParseProcesses("12\n0\n7\n\n-3\nx"));

    private static void Refused<T>(string text, Func<string, T> parse) =>
        Assert.Contains($"'{text}'", Assert.Throws<FormatException>(() => parse(text)).Message, StringComparison.Ordinal);
}
