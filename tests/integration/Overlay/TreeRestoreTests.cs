using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>The same with btrfs.</summary>
public sealed class BtrfsTreeRestoreTests() : TreeRestoreTests(LayerDriverKind.Btrfs)
{
    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Data_of_the_pool_is_shared_and_not_copied()
    {
        Shell.Bash($"cd {Live.Path}; head -c 30000000 /dev/urandom > big; sync -f big");
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; rm big");

        await RestoreAsync(["/big"]);

        string upper = Live.Layer.Upper;
        Shell.Bash($"sync -f {upper}/big");
        Assert.Contains("shared", Shell.Run("filefrag", "-v", $"{upper}/big"), StringComparison.Ordinal);
    }
}

/// <summary>Single paths put back from a sealed layer into a live tree.</summary>
public class TreeRestoreTests : SealedTrees
{
    public TreeRestoreTests()
        : this(LayerDriverKind.Copy)
    {
    }

    private protected TreeRestoreTests(LayerDriverKind driver)
        : base(driver)
    {
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_directory_is_equal_again_with_all_that_can_be_seen_of_it()
    {
        SampleTree.Change(Live.Path);
        Shell.Bash($"cd {Live.Path}; mkdir all; mv keep links renamed d1 hard1 dangling pipe sparse data sticky cap many all/; rm -f all/dangling2; touch -d @1100000000 all");
        await SealAsync();
        IReadOnlyList<string> was = TreeManifest.Of(Live["all"]);
        Shell.Bash($"""
            cd {Live.Path}/all; rm -r renamed many; echo other > data; rm keep/1; mkdir keep/1; echo in > keep/1/in; rm -r d1; ln -s /etc d1; rm pipe; echo x > pipe
            rm hard1; echo new > added; mkdir added-dir; echo y > added-dir/y; chmod 700 sticky; chown 3:4 .; rm dangling; mkdir dangling; setcap -r cap
            """);

        IReadOnlyList<RestoredPath> done = await RestoreAsync(["/all"], deleteAdded: true);

        // Attributes of links, and the tie of a name outside, are not put back.
        TreeManifest.AssertEqual(Comparable(was), Comparable(TreeManifest.Of(Live["all"])));
        Assert.Equal((FileType.Directory, 0L), (done[0].Type, done[0].LeftOut));
        Assert.Equal("", Shell.Bash($"find {Live.Path} -name '.sleigh-*'"));
        await AssertNothingElseAsync();
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_directory_is_merged_without_delete_added()
    {
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; echo changed > keep/1; rm keep/2; echo mine > keep/mine; chmod 700 keep; rm -r rename");

        IReadOnlyList<RestoredPath> done = await RestoreAsync(["/keep", "/rename/deep/er/1"]);

        Assert.Equal("image 1\nimage 2\nimage 3\nmine\n", Shell.Bash($"cd {Live.Path}/keep; cat 1 2 3 mine"));
        Assert.Equal("755 keep\n755 rename\n755 rename/deep/er\n", Shell.Bash($"cd {Live.Path}; stat -c '%a %n' keep rename rename/deep/er"));
        Assert.Equal("1\n", Shell.Bash($"ls {Live.Path}/rename/deep/er"));
        Assert.Equal([("/keep", 3L, 24L), ("/rename/deep/er/1", 1L, 8L)], done.Select(d => (d.Path, d.Files, d.Bytes)));
        Assert.Equal(["added /keep/mine"], (await DiffAsync(0, null, new TreeDiffQuery { Prefix = ["keep"] })).Items.Select(i => $"{i.Change.ToString().ToLowerInvariant()} {i.Path}"));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_path_that_was_not_there_changes_nothing_or_is_deleted()
    {
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; echo changed > keep/1; mkdir -p new/deep; echo x > new/deep/x; rm -r links; echo f > links");

        TreeFileException missing = await Assert.ThrowsAsync<TreeFileException>(() => RestoreAsync(["/keep/1", "/new"]));
        Assert.Equal((TreeFailure.NotFound, "resource not found: path /new in the snapshot"), (missing.Failure, missing.Message));
        Assert.Equal("changed\n", File.ReadAllText(Live["keep/1"]));

        IReadOnlyList<RestoredPath> done = await RestoreAsync(["/keep/1", "/new", "/nowhere", "/links/nothing"], deleteAdded: true);
        Assert.Equal([("/keep/1", (FileType?)FileType.Regular), ("/new", null)], done.Select(d => (d.Path, d.Type)));
        Assert.False(Directory.Exists(Live["new"]));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task What_is_in_the_way_is_replaced_but_a_directory_only_with_delete_added()
    {
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; rm keep/1; mkdir keep/1; echo x > keep/1/x; rm -r links; ln -s /etc links; echo changed > keep/3");

        TreeFileException refused = await Assert.ThrowsAsync<TreeFileException>(() => RestoreAsync(["/keep/3", "/keep/1"]));
        Assert.Equal("path /keep/1 is not allowed: the sandbox has a directory there, which is removed only with delete_added", refused.Message);
        Assert.Equal("changed\n", File.ReadAllText(Live["keep/3"]));

        await RestoreAsync(["/keep/1", "/links"], deleteAdded: true);
        Assert.Equal("image 1\n", File.ReadAllText(Live["keep/1"]));
        Assert.Equal("2 a\n2 b\n", Shell.Bash($"cd {Live.Path}/links; stat -c '%h %n' a b"));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Links_on_the_way_stay_inside_and_mounts_and_the_kernels_directories_are_refused()
    {
        string outside = Place.Make("outside");
        Shell.Bash($"cd {Live.Path}; mkdir -p app/sub mnt way; echo good > app/f; echo good > app/sub/g; echo in > way/x; ln -s app over");
        await SealAsync();
        Shell.Bash($"echo secret > {outside}/f; cd {Live.Path}; echo bad > app/f; rm -r app/sub; ln -s {outside} app/sub; rm -r way; ln -s ../../../..{outside} way; mount -t tmpfs tmpfs mnt; echo m > mnt/m; rm -r links; echo f > links; mkdir -p keep/in; mount -t tmpfs tmpfs keep/in");
        try
        {
            await RestoreAsync(["/over/f", "/app/sub"]);
            Assert.Equal("good\ngood\n", Shell.Bash($"cd {Live.Path}; cat app/f app/sub/g"));

            foreach ((string path, bool delete, string why) in (IEnumerable<(string, bool, string)>)[
                ("/mnt/m", true, "path /mnt/m is not allowed: something is mounted there"), ("/mnt", false, "path /mnt is not allowed: something is mounted there"),
                ("/proc/1", true, "path /proc is not allowed: it leads to /proc, /sys or /dev"), ("/dev", false, "path /dev is not allowed: it leads to /proc, /sys or /dev"),
                ("/keep", true, "path /keep/in is not allowed: something is mounted there"), ("/", false, "path / is not allowed: it is the root directory")])
            {
                TreeFileException refused = await Assert.ThrowsAsync<TreeFileException>(() => RestoreAsync([path], delete));
                Assert.Equal(why, refused.Message);
            }

            Assert.Equal("secret\n", Shell.Bash($"cat {outside}/*; cat {Live.Path}/mnt/m > /dev/null"));
            TreeFileException noDirectory = await Assert.ThrowsAsync<TreeFileException>(() => RestoreAsync(["/links/a"]));
            Assert.Equal("path /links/a is not allowed: there is something in the sandbox that is no directory", noDirectory.Message);
            TreeFileException lost = await Assert.ThrowsAsync<TreeFileException>(() => RestoreAsync(["/way/x"]));
            Assert.Equal(TreeFailure.NotFound, lost.Failure);
            Assert.Equal("f\n", Shell.Bash($"ls {outside}"));
        }
        finally
        {
            Shell.Bash($"cd {Live.Path}; umount mnt keep/in");
        }
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Somebody_who_swaps_directories_for_links_meanwhile_gets_nothing_out()
    {
        string outside = Place.Make("outside");
        Shell.Bash($"cd {Live.Path}; mkdir -p swap/a/b; for i in $(seq 1 200); do echo $i > swap/a/b/$i; done");
        await SealAsync();
        using CancellationTokenSource end = new();
        Task swapping = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                Shell.Bash($"cd {Live.Path}/swap; mv a was && ln -s {outside} a; rm -rf a; mv was a || true; cd a 2>/dev/null && mv b c && ln -s {outside} b; rm -f b; mv c b || true");
            }
        });
        int restored = 0;
        for (int i = 0; i < 60; i++)
        {
            try
            {
                await RestoreAsync(["/swap/a/b", "/swap/a"], deleteAdded: i % 2 == 0);
                restored++;
            }
            catch (TreeFileException e)
            {
                Assert.True(e.Failure is TreeFailure.Changed or TreeFailure.NotAllowed or TreeFailure.NotFound, e.Message);
            }
        }

        await end.CancelAsync();
        try
        {
            await swapping;
        }
        catch (InvalidOperationException)
        {
            // A step of the script found what the restore had made.
        }

        Assert.Equal("", Shell.Bash($"ls -A {outside}"));
        Assert.Equal("", Shell.Bash($"find {Live.Path} -name '.sleigh-*'"));
        Assert.True(restored > 0);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task The_temporary_name_is_remembered_before_it_can_appear_and_forgotten_behind_it()
    {
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; echo changed > keep/1");
        Remembered names = new();

        await RestoreAsync(["/keep"], names: names);

        Assert.Equal((1, 0), (names.Added.Count, names.Now.Count));
        foreach (string make in (string[])["echo x >", "ln -s x", "mkfifo"])
        {
            Shell.Bash($"cd {Live.Path}; {make} .{names.Added[0]}");
            TreeFile.Forget(await Task.FromResult(Root()), names.Added[0]);
            Assert.Equal("", Shell.Bash($"cd {Live.Path}; find . -name '.sleigh-*'"));
        }
    }

    private SafeFileHandle Root() => Files.Open(Live.Path, OpenFlags.PathOnly | OpenFlags.Directory);

    private async Task<IReadOnlyList<RestoredPath>> RestoreFromAsync(RestoreOrder order)
    {
        try
        {
            return await TreeRestore.RunAsync(order, default);
        }
        finally
        {
            order.From.Dispose();
            order.Into.Dispose();
        }
    }

    private protected async Task<IReadOnlyList<RestoredPath>> RestoreAsync(IReadOnlyList<string> paths, bool deleteAdded = false, ITemporaryNames? names = null) =>
        await RestoreFromAsync(new RestoreOrder
        {
            From = await OpenSealedAsync(Sealed.Count - 1), Into = Root(), Paths = paths, DeleteAdded = deleteAdded, Names = names,
        });

    // Below a directory that is equal, nothing differs either.
    private async Task AssertNothingElseAsync() =>
        Assert.Empty((await DiffAsync(Sealed.Count - 1, null, new TreeDiffQuery { Prefix = ["all"] })).Items.Select(i => $"{i.Change} {i.Path}"));

    private static List<string> Comparable(IReadOnlyList<string> manifest) =>
        [.. manifest.Select(line => line.Contains(" SymbolicLink ", StringComparison.Ordinal) ? System.Text.RegularExpressions.Regex.Replace(line, " trusted\\.link=[0-9A-F]*", "") : line)];

    private sealed class Remembered : ITemporaryNames
    {
        public List<string> Added { get; } = [];

        public HashSet<string> Now { get; } = [];

        public void Add(string path)
        {
            Added.Add(path);
            Now.Add(path);
        }

        public void Remove(string path) => Now.Remove(path);
    }
}
