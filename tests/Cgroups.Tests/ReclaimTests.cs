using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups.Tests;

public sealed class ReclaimTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Memory_is_taken_in_chunks_of_8_MiB_at_most()
    {
        using CgroupTree tree = new CgroupTree().File("memory.current", "100000000\n").File("memory.reclaim", "");

        Assert.Equal(0, tree.Group.Reclaim(20 << 20, Second));

        // An ordinary file keeps the last chunk: 20 = 8 + 8 + 4.
        Assert.Equal((4 << 20).ToString(), tree.Text("memory.reclaim"));
    }

    [Fact]
    public void Nothing_is_taken_after_the_deadline_or_a_cancellation()
    {
        using CgroupTree tree = new CgroupTree().File("memory.current", "100000000\n").File("memory.reclaim", "");

        Assert.Equal(0, tree.Group.Reclaim(1 << 20, TimeSpan.Zero));
        Assert.Equal(0, tree.Group.Reclaim(1 << 20, Second, new CancellationToken(canceled: true)));
        Assert.Equal(0, tree.Group.Reclaim(0, Second));
        Assert.Equal("", tree.Text("memory.reclaim"));
    }

    [Fact]
    public void A_kernel_that_cannot_reclaim_is_told_from_one_that_found_nothing()
    {
        using CgroupTree tree = new CgroupTree().File("memory.current", "100000000\n");

        Assert.Null(tree.Group.Reclaim(1 << 20, Second));
        Assert.False(File.Exists(Path.Combine(tree.Root, "memory.reclaim")));
        Assert.Equal(0, (tree.Group with { Inode = 1 }).Reclaim(1 << 20, Second));
    }

    [Fact]
    public void A_refused_reclaim_says_what_was_asked_where()
    {
        using CgroupTree tree = new CgroupTree().File("memory.current", "1\n").File("memory.reclaim/is-a-folder", "");

        Assert.Equal(
            $"write '4096' to {tree.Root}/memory.reclaim: EISDIR (Is a directory)",
            Assert.Throws<KernelFileException>(() => tree.Group.Reclaim(4096, Second)).Message);
    }
}
