using Sleigh.Cgroups.Growth;
using Sleigh.TestSupport;

namespace Sleigh.Cgroups.Tests;

public sealed class SampleTests
{
    private static readonly TimeSpan At = TimeSpan.FromSeconds(5);

    // The files of a sandbox with a build in it, Linux 6.18; memory.stat cut to a part of its lines.
    private const string Stat =
        "anon 93106176\nfile 123416576\nkernel 6225920\nkernel_stack 622592\npagetables 1216512\nsock 0\nshmem 4096\nfile_mapped 44220416\n" +
        "file_dirty 0\nfile_writeback 0\ninactive_anon 93061120\nactive_anon 36864\ninactive_file 61276160\nactive_file 62136320\n" +
        "unevictable 0\nslab_reclaimable 2818272\nslab_unreclaimable 1021520\nslab 3839792\nworkingset_refault_anon 7\n" +
        "workingset_refault_file 1093\npgscan 8812\npgsteal 8650\npgfault 143061\n";

    private static CgroupTree Tree() => new CgroupTree()
        .File("memory.current", "225918976\n")
        .File("memory.stat", Stat)
        .File("memory.events", "low 0\nhigh 41\nmax 2\noom 0\noom_kill 0\noom_group_kill 0\n")
        .File("memory.pressure", "some avg10=1.20 avg60=0.30 avg300=0.00 total=48213\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=31002\n")
        .File("memory.max", "402653184\n")
        .File("execs/memory.high", "268435456\n");

    private static MemorySample? Sample(CgroupTree tree) => tree.Group.TryReadSample(Cgroup.Open(Path.Combine(tree.Root, "execs")), At);

    [Fact]
    [ContractLine("G6", Part = "the figures of the kernel's files")]
    public void A_sample_holds_all_that_the_policy_looks_at()
    {
        using CgroupTree tree = Tree();

        MemorySample sample = Sample(tree)!;

        Assert.Equal(
            new MemorySample
            {
                At = At,
                Usage = 225918976,
                InactiveFile = 61276160,
                ActiveFile = 62136320,
                Events = new MemoryEvents(0, 41, 2, 0, 0, 0),
                Stalled = TimeSpan.FromMicroseconds(48213),
                Brake = 268435456,
                Wall = 402653184,
            },
            sample);
        Assert.Equal(225918976 - 61276160, sample.WorkingSet);
    }

    [Fact]
    public void A_sample_without_limits_has_the_largest_there_are()
    {
        using CgroupTree tree = Tree().File("memory.max", "max\n").File("execs/memory.high", "max\n");

        Assert.Equal((long.MaxValue, long.MaxValue), (Sample(tree)!.Brake, Sample(tree)!.Wall));
    }

    [Fact]
    public void A_kernel_without_pressure_figures_has_stalled_nothing()
    {
        using CgroupTree tree = Tree();
        File.Delete(Path.Combine(tree.Root, "memory.pressure"));

        Assert.Equal(TimeSpan.Zero, Sample(tree)!.Stalled);
    }

    [Theory]
    [InlineData("memory.current")]
    [InlineData("memory.stat")]
    [InlineData("memory.events")]
    [InlineData("memory.max")]
    [InlineData("execs/memory.high")]
    public void A_cgroup_whose_file_is_gone_has_no_sample(string file)
    {
        using CgroupTree tree = Tree();
        File.Delete(Path.Combine(tree.Root, file));

        Assert.Null(Sample(tree));
    }

    [Fact]
    public void A_cgroup_that_is_gone_or_made_again_has_no_sample()
    {
        using CgroupTree tree = Tree();
        Cgroup brakeAt = Cgroup.Open(Path.Combine(tree.Root, "execs"));

        Assert.Null((tree.Group with { Inode = tree.Group.Inode + 1 }).TryReadSample(brakeAt, At));
        Assert.Null(tree.Group.TryReadSample(brakeAt with { Inode = brakeAt.Inode + 1 }, At));
    }

    [Theory]
    [InlineData("memory.current", "", "'' is neither a number nor 'max'")]
    [InlineData("memory.current", "max\n", "'max\n' is not a figure of memory")]
    [InlineData("memory.stat", "anon 1\ninactive_f", "no 'inactive_file' line in 'anon 1\ninactive_f'")]
    [InlineData("memory.stat", "inactive_file ", "no 'inactive_file' line in 'inactive_file '")]
    [InlineData("memory.stat", "inactive_file_new 7\n", "no 'inactive_file' line in 'inactive_file_new 7\n'")]
    [InlineData("memory.events", "low 0\nhi", "no 'high' line in 'low 0\nhi'")]
    [InlineData("memory.pressure", "s", "no 'some' line in 's'")]
    [InlineData("memory.max", "m", "'m' is neither a number nor 'max'")]
    public void A_sample_of_text_that_is_cut_off_is_refused(string file, string text, string error)
    {
        using CgroupTree tree = Tree().File(file, text);

        Assert.Equal(error, Assert.Throws<FormatException>(() => Sample(tree)).Message);
    }

    [Fact]
    public void The_figures_of_memory_stat_are_read() =>
        Assert.Equal(new MemoryStat(93106176, 123416576, 61276160, 62136320, 4096, 7, 1093, 8812, 8650), MemoryStat.Parse(Stat));

    [Fact]
    public void A_kernel_that_does_not_count_refaults_has_none() =>
        Assert.Equal(new MemoryStat(1, 2, 3, 4, 5, 0, 0, 0, 0), MemoryStat.Parse("anon 1\nfile 2\ninactive_file 3\nactive_file 4\nshmem 5\n"));

    [Theory]
    [InlineData("", "anon")]
    [InlineData("anon 1\nfile", "file")]
    [InlineData("anon 1\nfile 2\ninactive_file 3\nactive_file 4\nshmem ", "shmem")]
    public void Memory_stat_cut_off_is_refused(string text, string missing) =>
        Assert.Equal($"no '{missing}' line in '{text}'", Assert.Throws<FormatException>(() => MemoryStat.Parse(text)).Message);
}
