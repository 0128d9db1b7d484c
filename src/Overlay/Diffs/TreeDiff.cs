namespace Sleigh.Overlay;

/// <summary>
/// What differs between two trees that stand on common layers. Only what the layers above the common ones name can differ, so the image
/// is not walked, but for directories that were renamed, replaced or deleted. On btrfs, of layers that are made from one another, only what has
/// changed in between is looked at. What a path is, the kernel says, from the two mounted
/// trees. What is mounted in a tree is left out, and /proc, /sys and /dev.
/// </summary>
public static class TreeDiff
{
    /// <summary>Compares, on a thread of its own. A tree that is being written to may show a change either way.</summary>
    /// <param name="before">The one.</param>
    /// <param name="after">The other.</param>
    /// <param name="query">What is wanted.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Linux.KernelException">A layer has gone, or cannot be read.</exception>
    public static Task<TreeDiffPage> RunAsync(TreeDiffSide before, TreeDiffSide after, TreeDiffQuery query, CancellationToken cancellationToken) =>
        OwnThread.RunAsync("diff", () => Run(before, after, query, cancellationToken));

    private static TreeDiffPage Run(TreeDiffSide before, TreeDiffSide after, TreeDiffQuery query, CancellationToken cancellationToken)
    {
        DiffHints? hints = DiffHints.Find(before, after, cancellationToken);
        using var layers = DiffLayers.Open(before, after);
        using DiffRenames? renames = query.Renames ? DiffRenames.Open(before.Layers, after.Layers, cancellationToken) : null;
        DiffTree one = new(before.Root);
        DiffTree other = new(after.Root);
        DiffItems items = new(query, renames);
        new DiffWalk(one, other, layers, hints, query, items, cancellationToken).Run();
        TreeDiffPage page = items.Finish();
        return query.PatchMaxBytes is int most ? new DiffPatches(one, other, most, cancellationToken).AddTo(page) : page;
    }
}
