namespace Sleigh.Cgroups.Tests;

/// <summary>What is in use now, by version 2 and by version 1.</summary>
public sealed class LoadTests
{
    private const string ProcessCgroup = "9:name=systemd:/\n8:pids:/sleigh-slot-a\n4:cpu,memory:/sleigh-slot-a:b\n0::/sleigh/x\n";

    private static readonly CgroupMounts Hybrid = new(
        CgroupMode.Hybrid, "/u", new Dictionary<string, string> { ["memory"] = "/sys/fs/cgroup/memory", ["cpu"] = "/sys/fs/cgroup/cpu" });

    [Fact]
    public void All_figures_of_version_2_are_read()
    {
        using CgroupTree tree = new CgroupTree().File("memory.current", "10000\n").File("memory.stat", "anon 1\ninactive_file 4000\n")
            .File("memory.pressure", "some avg10=1.25 avg60=0.00 avg300=0.00 total=7\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
            .File("cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n").File("pids.current", "3\n");

        Assert.Equal(
            new CgroupLoad { MemoryUsed = 10000, MemoryWorkingSet = 6000, MemorySomeAvg10 = 1.25, CpuUsage = TimeSpan.FromMicroseconds(1500), Pids = 3 },
            tree.Group.ReadLoad());
    }

    [Fact]
    public void What_the_kernel_does_not_have_is_missing_and_a_cgroup_that_is_gone_has_nothing()
    {
        using CgroupTree tree = new CgroupTree().File("cpu.stat", "usage_usec 1\nuser_usec 1\nsystem_usec 0\n");

        Assert.Equal(new CgroupLoad { CpuUsage = TimeSpan.FromMicroseconds(1) }, tree.Group.ReadLoad());
        Cgroup gone = tree.Group;
        Directory.Move(tree.Root, tree.Root + ".moved");
        Directory.CreateDirectory(tree.Root);
        Assert.Equal(new CgroupLoad(), gone.ReadLoad());
        Directory.Delete(tree.Root + ".moved", recursive: true);
    }

    [Fact]
    public void The_group_of_version_1_is_where_the_process_is_in_the_hierarchy_of_that_controller()
    {
        Assert.Equal("/sys/fs/cgroup/memory/sleigh-slot-a:b", LegacyGroup.Find(Hybrid, ProcessCgroup, "memory")?.Path);
        Assert.Equal("/sys/fs/cgroup/cpu/sleigh-slot-a:b", LegacyGroup.Find(Hybrid, ProcessCgroup, "cpu")?.Path);
        Assert.Null(LegacyGroup.Find(Hybrid, ProcessCgroup, "pids"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("4")]
    [InlineData("4:memory")]
    [InlineData("4:memory:")]
    [InlineData("0::/x\n")]
    public void A_text_that_is_cut_off_names_no_group(string text) => Assert.Null(LegacyGroup.Find(Hybrid, text, "memory"));

    [Fact]
    public void Memory_of_version_1_counts_the_groups_below_too()
    {
        using CgroupTree tree = new CgroupTree().File("memory.usage_in_bytes", "9000\n")
            .File("memory.stat", "inactive_file 1\ntotal_inactive_file 2500\n").File("pids.current", "12\n");
        LegacyGroup group = new(tree.Root);

        Assert.Equal((9000, 6500), group.ReadMemory());
        Assert.Equal(12, group.ReadPids());
    }

    [Fact]
    public void Kills_of_version_1_are_counted_by_newer_kernels_and_a_line_that_is_cut_off_is_refused()
    {
        using CgroupTree tree = new CgroupTree().File("memory.max_usage_in_bytes", "300\n").File("memory.limit_in_bytes", "268435456\n")
            .File("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
        LegacyGroup group = new(tree.Root);

        Assert.Equal((2L, 300L, 268435456L), (group.ReadOomKills(), group.ReadMemoryPeak(), group.ReadMemoryLimit()));
        tree.File("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n");
        Assert.Null(group.ReadOomKills());
        tree.File("memory.oom_control", "oom_kill_disable 0\noom_kill ");
        Assert.Equal("no 'oom_kill' line in 'oom_kill_disable 0\noom_kill '", Assert.Throws<FormatException>(() => group.ReadOomKills()).Message);
    }

    [Fact]
    public void A_group_of_version_1_that_is_gone_has_no_figures()
    {
        LegacyGroup gone = new("/sys/fs/cgroup/memory/no-such-group");

        Assert.Null(gone.ReadMemory());
        Assert.Null(gone.ReadPids());
        Assert.Null(gone.ReadOomKills());
        Assert.Null(gone.ReadMemoryPeak());
        Assert.Null(gone.ReadMemoryLimit());
    }
}
