using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>The same with btrfs.</summary>
public sealed class BtrfsTreeRenameTests() : TreeRenameTests(LayerDriverKind.Btrfs)
{
    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task What_the_sandbox_made_itself_is_found_again_between_snapshots_and_live()
    {
        Shell.Bash($"cd {Live.Path}; mkdir -p src/in; echo one > src/one; echo two > src/in/two; ln -s one src/link; mkfifo src/pipe; ln src/one src/other");
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; mv src lib; mv lib/in/two lib/second; echo more >> lib/second; rm lib/link; ln -s one lib/link2");

        Assert.Equal(
            [
                "added /lib/link2", "deleted /src/link", "renamed /lib < /src", "renamed /lib/in < /src/in", "renamed /lib/one < /src/one", "renamed /lib/other < /src/other",
                "renamed /lib/pipe < /src/pipe", "renamed /lib/second < /src/in/two",
            ],
            Renames(await DiffAsync(0, null, new TreeDiffQuery { Renames = true })));
        await SealAsync();
        TreeDiffPage back = await DiffAsync(1, 0, new TreeDiffQuery { Renames = true });
        Assert.Equal(6, back.Summary.Renamed);
        Assert.Contains("renamed /src/in/two < /lib/second", Renames(back));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Random_changes_give_renames_of_the_same_inode_only_and_pages_that_join_to_the_whole()
    {
        var random = new Random(20_260_106);
        long told = 0;
        for (int round = 0; round < 8; round++)
        {
            RandomChanges.Make(Live.Path, random, 60);
            await SealAsync();
            RandomChanges.Make(Live.Path, random, 50);
            TreeDiffPage plain = await DiffAsync(round, null, new TreeDiffQuery());
            TreeDiffPage page = await DiffAsync(round, null, new TreeDiffQuery { Renames = true });
            told += page.Summary.Renamed;

            // Taken apart again, they are the differences without renames.
            Assert.Equal(
                plain.Items.Select(i => $"{i.Change} {NaiveDiff.Show(i.Path)}").Order(StringComparer.Ordinal),
                page.Items.SelectMany(i => i.From is KernelPath from
                    ? [$"Added {NaiveDiff.Show(i.Path)}", $"Deleted {NaiveDiff.Show(from)}"]
                    : (string[])[$"{i.Change} {NaiveDiff.Show(i.Path)}"]).Order(StringComparer.Ordinal));
            Assert.Equal(
                (plain.Summary.Added - page.Summary.Renamed, plain.Summary.Deleted - page.Summary.Renamed), (page.Summary.Added, page.Summary.Deleted));
            Assert.Equal(page.Items.Count, page.Summary.Added + page.Summary.Deleted + page.Summary.Modified + page.Summary.Renamed);
            await PagesJoinAsync(round, page);
        }

        Assert.True(told >= 10, $"{told} renames in all");
    }
}

/// <summary>Renames, as far as the kernel tells them.</summary>
public class TreeRenameTests : SealedTrees
{
    public TreeRenameTests()
        : this(LayerDriverKind.Copy)
    {
    }

    private protected TreeRenameTests(LayerDriverKind driver)
        : base(driver)
    {
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_file_and_a_directory_of_the_image_are_found_under_their_new_names()
    {
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; mv keep/1 keep/first; mv rename moved; mv moved/deep/er upper; mv usr/bin/su etc/su; echo x >> etc/su; mv etc/link etc/link2; mv links/a links/c");

        TreeDiffPage page = await DiffAsync(0, null, new TreeDiffQuery { Renames = true });

        // A name of a file with two loses its tie to the image when it is copied up.
        Assert.Equal(
            [
                "added /links/c", "deleted /links/a", "renamed /etc/link2 < /etc/link", "renamed /etc/su < /usr/bin/su", "renamed /keep/first < /keep/1", "renamed /moved < /rename",
                "renamed /moved/deep < /rename/deep", "renamed /moved/deep/1 < /rename/deep/1", "renamed /moved/deep/2 < /rename/deep/2", "renamed /moved/deep/3 < /rename/deep/3",
                "renamed /upper < /rename/deep/er", "renamed /upper/1 < /rename/deep/er/1", "renamed /upper/2 < /rename/deep/er/2", "renamed /upper/3 < /rename/deep/er/3",
            ],
            Renames(page));
        Assert.Equal((1, 0, 1, 12, 2 + 4), (page.Summary.Added, page.Summary.Modified, page.Summary.Deleted, page.Summary.Renamed, page.Summary.BytesAdded));
        await PagesJoinAsync(0, page);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task The_same_content_alone_is_no_rename()
    {
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; cp -a keep/1 keep/first; rm keep/1; cp -a rename moved; rm -r rename; mkdir rename");

        TreeDiffPage page = await DiffAsync(0, null, new TreeDiffQuery { Renames = true });
        Assert.Equal(0, page.Summary.Renamed);
        Assert.Contains("added /keep/first", Renames(page));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_prefix_that_leaves_one_side_out_tells_an_addition()
    {
        await SealAsync();
        Shell.Bash($"cd {Live.Path}; mv keep/1 etc/first");

        Assert.Equal(["added /etc/first"], Renames(await DiffAsync(0, null, new TreeDiffQuery { Renames = true, Prefix = ["etc"] })));
        Assert.Equal(["renamed /etc/first < /keep/1"], Renames(await DiffAsync(0, null, new TreeDiffQuery { Renames = true })));
        Assert.Equal(["added /etc/first", "deleted /keep/1"], Renames(await DiffAsync(0, null, new TreeDiffQuery())));
    }

    private protected async Task PagesJoinAsync(int from, TreeDiffPage whole)
    {
        List<string> paged = [];
        KernelPath after = default;
        TreeDiffPage page;
        do
        {
            page = await DiffAsync(from, null, new TreeDiffQuery { Renames = true, After = after, Limit = 3 });
            Assert.Equal(whole.Summary, page.Summary);
            paged.AddRange(page.Items.Select(Line));
            after = page.Items.Count > 0 ? page.Items[^1].Path : after;
            Assert.True(page.Items.Count == 3 || !page.HasMore);
        }
        while (page.HasMore);

        Assert.Equal(whole.Items.Select(Line), paged);
    }

    private protected static List<string> Renames(TreeDiffPage page) => [.. page.Items.Select(Line).Order(StringComparer.Ordinal)];

    private static string Line(TreeDifference item) =>
        $"{item.Change.ToString().ToLowerInvariant()} {NaiveDiff.Show(item.Path)}{(item.From is KernelPath from ? $" < {NaiveDiff.Show(from)}" : "")}";
}
