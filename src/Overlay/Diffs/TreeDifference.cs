using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>One path that differs.</summary>
/// <param name="Path">From the tree's root on, with a slash first.</param>
/// <param name="Change">What has become of it.</param>
/// <param name="Before">What was there; null when it is added.</param>
/// <param name="After">What is there; null when it is deleted.</param>
public sealed record TreeDifference(KernelPath Path, TreeChange Change, FileStatus? Before, FileStatus? After)
{
    /// <summary>Where it was before; of what is <see cref="TreeChange.Renamed"/> only.</summary>
    public KernelPath? From { get; init; }

    /// <summary>The change of its content, where that was asked for and it is a regular file; null: none, or only the owner changed.</summary>
    public FilePatch? Patch { get; init; }
}

/// <summary>A page of the differences, in the order of the paths' bytes.</summary>
/// <param name="Items">The differences.</param>
/// <param name="HasMore">Whether there are more behind the last one.</param>
/// <param name="Summary">Of all pages.</param>
public sealed record TreeDiffPage(IReadOnlyList<TreeDifference> Items, bool HasMore, TreeDiffSummary Summary)
{
    /// <summary>Whether renames were asked for and so much was added and deleted that none are told.</summary>
    public bool RenamesTruncated { get; init; }
}

/// <summary>Counts of what differs.</summary>
/// <param name="Added">Paths that are new.</param>
/// <param name="Modified">Paths that were changed, also in their kind.</param>
/// <param name="Deleted">Paths that are gone.</param>
/// <param name="BytesAdded">Sizes of new files and what others have grown by.</param>
public sealed record TreeDiffSummary(long Added, long Modified, long Deleted, long BytesAdded)
{
    /// <summary>Paths that were moved; they are neither added nor deleted.</summary>
    public long Renamed { get; init; }
}
