namespace Sleigh.Runtime;

/// <summary>A page of differences, in the order of the paths' bytes.</summary>
/// <param name="Items">The differences.</param>
/// <param name="HasMore">Whether there are more behind the last one.</param>
/// <param name="Added">Over all pages: paths that are new.</param>
/// <param name="Modified">Over all pages: paths that were changed, also in their kind.</param>
/// <param name="Deleted">Over all pages: paths that are gone.</param>
/// <param name="BytesAdded">Over all pages: sizes of new files and what others have grown by.</param>
public sealed record SnapshotDiff(IReadOnlyList<SnapshotDifference> Items, bool HasMore, long Added, long Modified, long Deleted, long BytesAdded)
{
    /// <summary>Over all pages: paths that were moved; null where that was not asked for.</summary>
    public long? Renamed { get; init; }

    /// <summary>Whether so much was added and deleted that no renames are told.</summary>
    public bool RenamesTruncated { get; init; }
}

/// <summary>One path that differs.</summary>
/// <param name="Path">From the root on; bytes that need not be UTF-8.</param>
/// <param name="Change"><c>added</c>, <c>modified</c>, <c>deleted</c>, <c>type_changed</c> or, where it was asked for, <c>renamed</c>.</param>
/// <param name="Before">What was there; null when it is added.</param>
/// <param name="After">What is there; null when it is deleted.</param>
public sealed record SnapshotDifference(ReadOnlyMemory<byte> Path, string Change, DiffedFile? Before, DiffedFile? After)
{
    /// <summary>Where it was before; of what is <c>renamed</c> only.</summary>
    public ReadOnlyMemory<byte>? From { get; init; }

    /// <summary>The change of a text file's content as a unified diff; null where there is none.</summary>
    public string? Patch { get; init; }

    /// <summary>Why a changed file has no patch: <c>binary</c>, <c>too_large</c> or <c>too_different</c>; null where it has one or none was asked for.</summary>
    public string? PatchSkipped { get; init; }
}

/// <summary>What is at a path in one of the states.</summary>
/// <param name="Kind"><c>file</c>, <c>dir</c>, <c>symlink</c> or <c>other</c>.</param>
/// <param name="Size">Bytes; of files only.</param>
/// <param name="Mode">Permission bits with setuid, setgid and sticky.</param>
public sealed record DiffedFile(string Kind, long? Size, int Mode);
