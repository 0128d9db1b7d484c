namespace Sleigh.Overlay;

/// <summary>What has become of a path.</summary>
public enum TreeChange
{
    /// <summary>It was not there before.</summary>
    Added,

    /// <summary>Its content, mode, owner or target is another.</summary>
    Modified,

    /// <summary>It is not there any more.</summary>
    Deleted,

    /// <summary>It is of another kind.</summary>
    TypeChanged,

    /// <summary>It was at another path before. Told only where it is asked for, and where the kernel knows: see <see cref="TreeDiffQuery.Renames"/>.</summary>
    Renamed,
}
