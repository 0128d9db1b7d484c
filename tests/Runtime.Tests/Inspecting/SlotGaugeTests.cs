using Sleigh.Cgroups;

namespace Sleigh.Runtime.Tests.Inspecting;

public sealed class SlotGaugeTests : IDisposable
{
    private const string Slot = "slot-0123456789ab";

    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-gauge-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void On_a_hybrid_host_memory_and_pids_come_from_the_slots_groups_of_version_1()
    {
        Write("v2/cpu.stat", "usage_usec 7\nuser_usec 7\nsystem_usec 0\n");
        Write($"memory/sleigh-{Slot}/memory.usage_in_bytes", "5000\n");
        Write($"memory/sleigh-{Slot}/memory.stat", "total_inactive_file 1000\n");
        Write($"pids/sleigh-{Slot}/pids.current", "4\n");

        CgroupLoad load = Gauge($"5:pids:/sleigh-{Slot}\n4:memory:/sleigh-{Slot}\n0::/sleigh/x\n").Read();

        Assert.Equal(
            new CgroupLoad { MemoryUsed = 5000, MemoryWorkingSet = 4000, CpuUsage = TimeSpan.FromMicroseconds(7), Pids = 4 }, load);
    }

    [Fact]
    public void A_group_that_is_not_the_slots_own_is_never_counted_as_its()
    {
        Write("v2/cgroup.procs", "10\n11\n");
        Write("memory/memory.usage_in_bytes", "999999\n");
        Write("memory/system/memory.usage_in_bytes", "999999\n");

        Assert.Equal(new CgroupLoad { Pids = 2 }, Gauge("4:memory:/\n").Read());
        Assert.Equal(new CgroupLoad { Pids = 2 }, Gauge("4:memory:/system\n").Read());
        Assert.Equal(new CgroupLoad { Pids = 2 }, Gauge("").Read());
    }

    [Fact]
    public void Version_2_counts_where_it_has_the_controller()
    {
        Write("v2/memory.current", "100\n");
        Write("v2/pids.current", "1\n");
        Write($"memory/sleigh-{Slot}/memory.usage_in_bytes", "5000\n");

        Assert.Equal(new CgroupLoad { MemoryUsed = 100, MemoryWorkingSet = 100, Pids = 1 }, Gauge($"4:memory:/sleigh-{Slot}\n").Read());
    }

    [Fact]
    public void The_load_average_is_the_first_figure()
    {
        Assert.Equal(26.31, Inspection.ParseLoad1("26.31 25.55 17.49 16/396 622\n"));
        Assert.Equal("'26.31' does not begin with a load average", Assert.Throws<FormatException>(() => Inspection.ParseLoad1("26.31")).Message);
        Assert.Throws<FormatException>(() => Inspection.ParseLoad1(""));
    }

    private SlotGauge Gauge(string processCgroup) => SlotGauge.Of(
        Cgroup.Open(Path.Combine(_folder, "v2")),
        Slot,
        new CgroupMounts(
            CgroupMode.Hybrid, _folder, new Dictionary<string, string> { ["memory"] = Path.Combine(_folder, "memory"), ["pids"] = Path.Combine(_folder, "pids") }),
        processCgroup);

    private void Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
