using Sleigh.Linux;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups.Tests;

public sealed class CgroupTests
{
    [Fact]
    public void Opening_never_makes_a_cgroup()
    {
        using CgroupTree tree = new();
        string path = Path.Combine(tree.Root, "none");

        KernelFileException error = Assert.Throws<KernelFileException>(() => Cgroup.Open(path));

        Assert.Equal($"open {path}: there is no such cgroup", error.Message);
        Assert.False(Directory.Exists(path));
        Assert.Null(Cgroup.TryOpen(path));
    }

    [Fact]
    public void A_name_is_made_once()
    {
        using CgroupTree tree = new();
        Cgroup child = Cgroup.Create(tree.Group, "a");

        Assert.Equal($"make {child.Path}: it exists", Assert.Throws<KernelFileException>(() => Cgroup.Create(tree.Group, "a")).Message);
        Assert.Equal(child, Cgroup.OpenOrCreate(tree.Group, "a"));
        Assert.Equal([child], tree.Group.Children());
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    public void A_name_is_one_part_of_a_path(string name)
    {
        using CgroupTree tree = new();

        Assert.Throws<ArgumentException>(() => Cgroup.Create(tree.Group, name));
    }

    [Fact]
    public async Task One_made_again_under_the_same_name_is_left_alone()
    {
        using CgroupTree tree = new CgroupTree().File("a/cgroup.kill", "").File("a/cgroup.procs", "");
        Cgroup old = Cgroup.Open(Path.Combine(tree.Root, "a"));
        // Keeping the old folder makes sure that its inode number is not used again.
        Directory.Move(old.Path, old.Path + "-old");
        tree.File("a/cgroup.kill", "").File("a/memory.max", "max\n");

        Assert.False(old.Exists);
        old.Kill();
        Assert.Equal("", tree.Text("a/cgroup.kill"));
        Assert.Equal(0, old.TerminateAll());
        await old.RemoveAsync(TimeSpan.FromSeconds(1));
        Assert.True(Directory.Exists(old.Path));
        Assert.True(await old.WaitEmptyAsync(TimeSpan.Zero));
        Assert.Equal(
            $"open {old.Path}: the cgroup with inode {old.Inode} is gone",
            Assert.Throws<KernelFileException>(() => old.SetMemoryMax(1)).Message);
        Assert.Equal("max\n", tree.Text("a/memory.max"));
    }

    [Fact]
    public async Task A_freeze_that_takes_too_long_is_taken_back()
    {
        using CgroupTree tree = new CgroupTree().File("cgroup.events", "populated 1\nfrozen 0\n").File("cgroup.freeze", "0");

        TimeoutException error = await Assert.ThrowsAsync<TimeoutException>(() => tree.Group.FreezeAsync(TimeSpan.FromMilliseconds(1)));

        Assert.Equal($"freeze {tree.Root}: not all processes stopped within 1 ms; they run again", error.Message);
        Assert.Equal("0", tree.Text("cgroup.freeze"));
    }

    [Fact]
    public void Limits_are_written_as_the_kernel_takes_them()
    {
        using CgroupTree tree = new CgroupTree()
            .File("memory.max", "").File("memory.high", "").File("pids.max", "").File("cpu.max", "").File("memory.oom.group", "").File("memory.swap.max", "").File("cpuset.cpus", "");

        Assert.True(tree.Group.SetMemoryMax(268435456));
        Assert.True(tree.Group.SetMemoryHigh(null));
        Assert.True(tree.Group.SetPidsMax(1024));
        Assert.True(tree.Group.SetCpuMax(CpuMax.OfCpus(0.5)));
        Assert.True(tree.Group.SetOomGroup(true));
        Assert.True(tree.Group.SetSwapMax(0));
        Assert.True(tree.Group.SetCpus(CpuSet.Of([3, 0, 1])));

        Assert.Equal(
            ["268435456", "max", "1024", "50000 100000", "1", "0", "0-1,3"],
            new[] { "memory.max", "memory.high", "pids.max", "cpu.max", "memory.oom.group", "memory.swap.max", "cpuset.cpus" }.Select(tree.Text));
    }

    [Fact]
    public void Without_the_controller_no_limit_is_set()
    {
        using CgroupTree tree = new();

        Assert.False(tree.Group.SetMemoryMax(1));
        Assert.False(tree.Group.SetPidsMax(1));
        Assert.False(tree.Group.SetCpuMax(CpuMax.OfCpus(1)));
        Assert.False(tree.Group.SetCpus(CpuSet.Of([0])));
        Assert.Null(tree.Group.ReadMemoryMax());
        Assert.Null(tree.Group.ReadCpuMax());
        Assert.False(tree.Group.SetMemoryHigh(1) || tree.Group.SetMemoryLow(1) || tree.Group.SetMemoryMin(1) || tree.Group.SetCpuWeight(1));
        Assert.Null(tree.Group.ReadMemoryStat() ?? (object?)tree.Group.ReadMemoryPeak() ?? tree.Group.ReadPidsRefused());
        Assert.Equal(Controllers.None, tree.Group.ReadEnabledControllers());
        Assert.Empty(Directory.GetFiles(tree.Root));
    }

    [Fact]
    public void Every_limit_and_figure_of_a_cgroup_has_a_typed_reader()
    {
        using CgroupTree tree = new CgroupTree()
            .File("memory.min", "0\n").File("memory.low", "4096\n").File("memory.swap.max", "0\n").File("memory.oom.group", "1\n")
            .File("memory.current", "8192\n").File("memory.peak", "16384\n").File("memory.events.local", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 3\n")
            .File("memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 4\n")
            .File("memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=9\n")
            .File("cgroup.freeze", "0\n").File("cgroup.subtree_control", "memory pids\n").File("cpu.weight", "100\n")
            .File("cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\n").File("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4\n")
            .File("pids.current", "7\n").File("pids.events", "max 2\nnew 9\n");
        Cgroup group = tree.Group;

        Assert.Equal((0, 4096, 0, true), (group.ReadMemoryMin(), group.ReadMemoryLow(), group.ReadSwapMax(), group.ReadOomGroup()));
        Assert.Equal((8192, 16384), (group.ReadMemoryCurrent(), group.ReadMemoryPeak()));
        Assert.Equal((3L, 4L), (group.ReadLocalMemoryEvents()!.Value.OomKill, group.ReadMemoryEvents()!.Value.OomKill));
        Assert.Equal(TimeSpan.FromMicroseconds(9), group.ReadMemoryPressure()!.Value.Some.Total);
        Assert.Equal((false, 100), (group.ReadFreeze(), group.ReadCpuWeight()));
        Assert.Equal(Controllers.Memory | Controllers.Pids, group.ReadEnabledControllers());
        Assert.Equal(TimeSpan.FromMicroseconds(5), group.ReadCpuStat()!.Value.Usage);
        Assert.Equal(4, group.ReadIoStat()!.Value.Writes);
        Assert.Equal((7, 2), (group.ReadPidsCurrent(), group.ReadPidsRefused()));
    }

    [Fact]
    public void Protections_and_weights_are_written_as_the_kernel_takes_them()
    {
        using CgroupTree tree = new CgroupTree().File("memory.low", "").File("memory.min", "").File("cpu.weight", "");

        Assert.True(tree.Group.SetMemoryLow(4096));
        Assert.True(tree.Group.SetMemoryMin(0));
        Assert.True(tree.Group.SetCpuWeight(10_000));

        Assert.Equal(["4096", "0", "10000"], new[] { "memory.low", "memory.min", "cpu.weight" }.Select(tree.Text));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Group.SetCpuWeight(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Group.SetCpuWeight(10_001));
    }

    [Fact]
    public void High_max_is_no_limit()
    {
        using CgroupTree tree = new CgroupTree().File("memory.high", "max\n").File("memory.max", "4096\n").File("pids.max", "12\n").File("cpu.max", "max 100000\n");

        Assert.Null(tree.Group.ReadMemoryHigh());
        Assert.Equal(4096, tree.Group.ReadMemoryMax());
        Assert.Equal(12, tree.Group.ReadPidsMax());
        Assert.Null(tree.Group.ReadCpuMax()!.Value.Quota);
    }

    [Fact]
    public void Only_controllers_that_are_there_are_passed_on()
    {
        using CgroupTree tree = new CgroupTree().File("cgroup.controllers", "cpu memory pids\n").File("cgroup.subtree_control", "cpu");

        Controllers enabled = tree.Group.EnableControllers(Controllers.Cpu | Controllers.Memory | Controllers.Io);

        Assert.Equal(Controllers.Cpu | Controllers.Memory, enabled);
        Assert.Equal("+memory", tree.Text("cgroup.subtree_control"));
    }

    [Fact]
    public void A_refused_write_says_what_was_written_where()
    {
        using CgroupTree tree = new CgroupTree().File("memory.max/is-a-folder", "");

        KernelFileException error = Assert.Throws<KernelFileException>(() => tree.Group.SetMemoryMax(4096));

        Assert.Equal($"write '4096' to {tree.Root}/memory.max: EISDIR (Is a directory)", error.Message);
        Assert.Equal(Errno.EISDIR, error.Errno);
        Assert.Equal("4096", error.Value);
    }

    [Fact]
    public void A_figure_the_kernel_does_not_give_is_null()
    {
        using CgroupTree tree = new CgroupTree().File("cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\n");

        Assert.Equal(
            new CgroupUsage { Cpu = new CpuStat(TimeSpan.FromMicroseconds(5), TimeSpan.FromMicroseconds(3), TimeSpan.FromMicroseconds(2), null) },
            tree.Group.ReadUsage());
    }

    [Fact]
    public void Every_figure_is_read()
    {
        using CgroupTree tree = new CgroupTree()
            .File("cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\nthrottled_usec 1\n")
            .File("memory.current", "4096\n")
            .File("memory.peak", "8192\n")
            .File("memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\n")
            .File("memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=9\n")
            .File("io.stat", "7:0 rbytes=9 wbytes=9 rios=9 wios=9\n8:0 rbytes=1 wbytes=2 rios=3 wios=4\n");

        CgroupUsage usage = tree.Group.ReadUsage();

        Assert.Equal((4096L, 8192L, 4L), (usage.MemoryCurrent!.Value, usage.MemoryPeak!.Value, usage.MemoryEvents!.Value.OomKill));
        Assert.Equal(TimeSpan.FromMicroseconds(9), usage.MemoryPressure!.Value.Some.Total);
        Assert.Equal(new IoStat(1, 2, 3, 4), usage.Io);
        Assert.Equal(TimeSpan.FromMicroseconds(1), usage.Cpu!.Value.Throttled);
    }

    [Fact]
    public void A_long_file_is_read_whole()
    {
        string all = string.Concat(Enumerable.Range(1, 20000).Select(i => $"{i}\n"));
        using CgroupTree tree = new CgroupTree().File("cgroup.procs", all);

        Assert.Equal(Enumerable.Range(1, 20000), tree.Group.ReadProcesses());
    }

    [Fact]
    public void Controllers_of_a_subtree_are_those_of_its_nearest_cgroup()
    {
        using CgroupTree tree = new CgroupTree().File("cgroup.controllers", "cpu memory pids\n").File("a/cgroup.controllers", "memory\n");
        CgroupHierarchy hierarchy = new(new CgroupMounts(CgroupMode.Unified, tree.Root, new Dictionary<string, string>()));

        Assert.Equal(Controllers.Cpu | Controllers.Memory | Controllers.Pids, hierarchy.ControllersAt("none/below"));
        Assert.Equal(Controllers.Memory, hierarchy.ControllersAt("a/b/c"));
        Assert.True(hierarchy.CanLimitMemory("a"));
        Assert.False(hierarchy.CanLimitPids("a"));
        Assert.True(hierarchy.CanLimitCpu("b"));
        Assert.Throws<ArgumentException>(() => hierarchy.ControllersAt("../etc"));
    }

    [Fact]
    public void Controllers_are_enabled_on_each_cgroup_of_the_path()
    {
        using CgroupTree tree = new CgroupTree()
            .File("cgroup.controllers", "cpu memory\n").File("cgroup.subtree_control", "")
            .File("a/cgroup.controllers", "cpu memory\n").File("a/cgroup.subtree_control", "")
            .File("a/b/cgroup.controllers", "memory\n").File("a/b/cgroup.subtree_control", "");
        CgroupHierarchy hierarchy = new(new CgroupMounts(CgroupMode.Unified, tree.Root, new Dictionary<string, string>()));

        Assert.Equal(Controllers.Memory, hierarchy.EnableControllers("/a/b/", Controllers.Memory | Controllers.Cpu | Controllers.Pids));

        Assert.Equal("+cpu +memory", tree.Text("cgroup.subtree_control"));
        Assert.Equal("+cpu +memory", tree.Text("a/cgroup.subtree_control"));
        Assert.Equal("+memory", tree.Text("a/b/cgroup.subtree_control"));
    }
}
