using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>The same with btrfs, which knows where to look.</summary>
public sealed class BtrfsTreeDiffTests() : TreeDiffTests(LayerDriverKind.Btrfs)
{
    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Only_what_has_changed_is_looked_at()
    {
        Shell.Bash($"cd {Live.Path}; mkdir -p own/deep/er other; for i in $(seq 200); do mkdir own/$i; echo $i > own/$i/file; done; echo 1 > other/one; ln other/one own/deep/er/two");
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; echo 2 >> other/one; rm own/7/file; echo later > own/8/new");

        DiffHints live = (await HintsAsync(0, null))!;
        await SealAsync();
        DiffHints both = (await HintsAsync(0, 1))!;
        foreach (DiffHints hints in new[] { live, both, (await HintsAsync(1, 0))! })
        {
            Assert.Equal(["other", "own"], Sorted(hints, ""));
            Assert.Equal(["7", "8", "deep"], Sorted(hints, "own"));
            Assert.Equal(["two"], Sorted(hints, "own/deep/er"));
            Assert.Equal((false, true, false), (hints.IsChanged(KernelPath.FromString("own")), hints.IsChanged(KernelPath.FromString("own/7")), hints.IsChanged(KernelPath.FromString("own/9"))));
        }

        // What was restored goes its own way from the snapshot it was restored from, and from no other.
        Live = Mount(await Store.CreateLiveAsync(LayerId.NewLive(), Sealed[0].Id));
        Shell.Bash($"rm -r {Live.Path}/other");
        Assert.Equal(["deep"], Sorted((await HintsAsync(0, null))!, "own"));
        Assert.True((await HintsAsync(0, null))!.IsChanged(default));
        Assert.Null(await HintsAsync(1, null));

        static IEnumerable<string> Sorted(DiffHints hints, string path) => hints.Below(KernelPath.FromString(path)).Select(name => name.ToString()).Order(StringComparer.Ordinal);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Of_the_one_whiteout_for_many_deleted_files_all_names_are_told()
    {
        await SealAsync();
        Shell.Bash($"cd {Live.Path}/doomed; rm *");

        Assert.Equal(300, (await HintsAsync(0, null))!.Below(KernelPath.FromString("doomed")).Count);
        await AgreesAsync(0, null);
        await SealAsync();
        await AgreesAsync(0, 1);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task What_the_kernel_tells_in_pages_is_whole()
    {
        // Some in one item of the tree, those for which it has no more room in items of their own.
        string[] names = [.. Enumerable.Range(0, 400).Select(i => $"own/{i % 3}/{new string('n', 150)}{i}").Order(StringComparer.Ordinal)];
        Shell.Bash($"cd {Live.Path}; mkdir -p own/0 own/1 own/2 pages; for i in $(seq 3000); do : > pages/$i; done; echo 1 > {names[0]}");
        Array.ForEach(names[1..], name => Shell.Run("ln", $"{Live.Path}/{names[0]}", $"{Live.Path}/{name}"));
        using SafeFileHandle upper = Files.Open(Live.Layer.Upper, OpenFlags.ReadOnly | OpenFlags.Directory);
        FileSystems.Sync(upper);
        ulong linked = Files.Stat(upper, names[0]).Inode;

        IReadOnlyList<ulong> whole = BtrfsChanges.Inodes(upper, 0, int.MaxValue, CancellationToken.None)!;

        Assert.True(whole.Count > 3000);
        Assert.Equal(whole.Distinct(), BtrfsChanges.Inodes(upper, 0, int.MaxValue, 20 * 1024, CancellationToken.None)!);
        Assert.Null(BtrfsChanges.Inodes(upper, 0, whole.Count - 1, 20 * 1024, CancellationToken.None));
        foreach (IReadOnlyList<KernelPath>? told in new[]
            { BtrfsNames.Of(upper, linked, 400, CancellationToken.None), BtrfsNames.Searched(upper, linked, 400, 20 * 1024, CancellationToken.None) })
        {
            Assert.Equal(names.Select(name => $"upper/{name}"), told!.Select(path => path.ToString()).Order(StringComparer.Ordinal));
        }

        Assert.Null(BtrfsNames.Of(upper, linked, 399, CancellationToken.None));
        Assert.Equal("upper/pages/7", Assert.Single(BtrfsNames.Searched(upper, Files.Stat(upper, "pages/7").Inode, 1, 20 * 1024, CancellationToken.None)!).ToString());
        Assert.Empty(BtrfsNames.Of(upper, 1 << 30, 1, CancellationToken.None)!);
    }

    private async Task<DiffHints?> HintsAsync(int from, int? to) => DiffHints.Find(await SideAsync(from), await SideAsync(to), default);
}

/// <summary>Differences between sealed layers and live trees, against a walk over both.</summary>
public class TreeDiffTests : SealedTrees
{
    public TreeDiffTests()
        : this(LayerDriverKind.Copy)
    {
    }

    private protected TreeDiffTests(LayerDriverKind driver)
        : base(driver)
    {
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    [ContractLine("N6", Part = "added, modified, deleted, type change")]
    public async Task Every_kind_of_change_is_found_and_nothing_else()
    {
        await SealAsync();
        SampleTree.Change(Live.Path);
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; rm -r many; rm data; mkdir data; echo in > data/x; rm -r replace; echo file > replace; mv renamed again; touch keep/1; printf XXXX | dd of=keep/3 conv=notrunc status=none; chown 9:9 links");

        await AgreesAsync(0, 1);
        await AgreesAsync(1, 0);
        await AgreesAsync(0, null);
        await AgreesAsync(1, null);
        await AgreesAsync(1, 1);
        TreeDiffPage page = await DiffAsync(1, null, new TreeDiffQuery());
        Assert.Contains("modified /keep/3", Lines(page));
        Assert.DoesNotContain("modified /keep/1", Lines(page));
        Assert.Contains("type_changed /data", Lines(page));
        Assert.Contains("type_changed /replace", Lines(page));
        Assert.Contains("deleted /replace/new", Lines(page));
        Assert.Contains("deleted /many/f 7", Lines(page));
        Assert.Contains("deleted /renamed/deeper/er/more", Lines(page));
        Assert.Contains("added /again/deeper/er/2", Lines(page));
        Assert.Contains("modified /links", Lines(page));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    [ContractLine("N6", Part = "whiteouts of directories")]
    public async Task A_deletedPlace_of_theImage_lists_all_it_held_and_a_new_one_in_its_place_only_what_differs()
    {
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; rm -r rename; rm -r deep; mkdir -p deep/a; echo x > deep/a/x");

        Assert.Equal(
            [
                "deleted /deep/a-b", "deleted /deep/a-b/c", "deleted /deep/a-b/x", "deleted /deep/a.b", "deleted /deep/a/c",
                "deleted /rename", "deleted /rename/deep", "deleted /rename/deep/1", "deleted /rename/deep/2", "deleted /rename/deep/3", "deleted /rename/deep/er",
                "deleted /rename/deep/er/1", "deleted /rename/deep/er/2", "deleted /rename/deep/er/3",
            ],
            Lines(await DiffAsync(0, null, new TreeDiffQuery())));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    [ContractLine("N6", Part = "paging")]
    public async Task A_prefix_and_pages_are_parts_of_the_whole()
    {
        await SealAsync();
        SampleTree.Change(Live.Path);
        List<string> all = Lines(await DiffAsync(0, null, new TreeDiffQuery()));
        foreach (string prefix in (string[])["/renamed", "/renamed/deeper/er", "/keep/2", "/remove", "/many", "/nowhere", "/proc", "/keep"])
        {
            TreeDiffPage part = await DiffAsync(0, null, new TreeDiffQuery { Prefix = [.. prefix.Split('/').Skip(1).Select(KernelPath.FromString)] });
            Assert.Equal(all.Where(line => $"{line}/".Contains($" {prefix}/", StringComparison.Ordinal)), Lines(part));
            Assert.Equal(part.Items.Count, part.Summary.Added + part.Summary.Modified + part.Summary.Deleted);
        }

        List<string> paged = [];
        KernelPath after = default;
        TreeDiffPage page;
        do
        {
            page = await DiffAsync(0, null, new TreeDiffQuery { After = after, Limit = 97 });
            paged.AddRange(Lines(page));
            after = page.Items[^1].Path;
            Assert.Equal(all.Count, page.Summary.Added + page.Summary.Modified + page.Summary.Deleted);
        }
        while (page.HasMore);

        Assert.Equal(all, paged);
        Assert.True(all.Count > 1500);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    [ContractLine("N6", Part = "mounts left out")]
    public async Task Mounts_and_the_kernels_directories_are_left_out()
    {
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; mkdir mnt; mount -t tmpfs tmpfs mnt; echo x > mnt/x; echo x > proc/x; mkdir dev/y; mount --bind /etc/hostname keep/1; mkdir devel; echo z > devel/z");
        try
        {
            Assert.Equal(["added /devel", "added /devel/z"], Lines(await DiffAsync(0, null, new TreeDiffQuery())));
        }
        finally
        {
            Shell.Bash($"cd {Live.Path}; umount mnt keep/1");
        }
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Same_size_and_times_are_no_proof_that_files_are_the_same()
    {
        Shell.Bash($"cd {Live.Path}; printf aaaa > file; touch -d @1000000000 file keep/1; sleep 0.2");
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; printf bbbb > file; touch -d @1000000000 file; cp -p keep/1 copy; mv copy keep/1");

        Assert.Equal(["modified /file"], Lines(await DiffAsync(0, null, new TreeDiffQuery())));
        await SealAsync();
        Assert.Equal(["modified /file"], Lines(await DiffAsync(0, 1, new TreeDiffQuery())));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Random_changes_and_rollbacks_give_what_a_walk_over_bothLives_gives()
    {
        var random = new Random(20_260_105);
        for (int round = 0; round < 8; round++)
        {
            RandomChanges.Make(Live.Path, random, 40);
            await SealAsync();
            if (round % 3 == 2)
            {
                MountedTree old = Live;
                Live = Mount(await Store.CreateLiveAsync(LayerId.NewLive(), Sealed[random.Next(Sealed.Count)].Id));
                RandomChanges.Make(Live.Path, random, 10);
            }

            await AgreesAsync(random.Next(Sealed.Count), null);
            await AgreesAsync(random.Next(Sealed.Count), random.Next(Sealed.Count));
        }
    }

    private protected async Task AgreesAsync(int from, int? to)
    {
        using MountedTree before = await RestoreAsync(from);
        using MountedTree after = await RestoreAsync(to ?? from);
        List<string> expected = NaiveDiff.Of(before.Path, to is null ? Live.Path : after.Path);
        TreeDiffPage page = await DiffAsync(from, to, new TreeDiffQuery());
        Assert.Equal(string.Join('\n', expected), string.Join('\n', Lines(page)));
        Assert.Equal(page.Items.Select(i => i.Path).Order(Comparer<KernelPath>.Create((a, b) => a.Bytes.SequenceCompareTo(b.Bytes))), page.Items.Select(i => i.Path));
    }

    private static List<string> Lines(TreeDiffPage page) => [.. page.Items.Select(item => $"{Word(item.Change)} {NaiveDiff.Show(item.Path)}")];

    private static string Word(TreeChange change) => change == TreeChange.TypeChanged ? "type_changed" : change.ToString().ToLowerInvariant();
}
