namespace Sleigh.Overlay;

/// <summary>Why files of a tree could not be read or written.</summary>
public enum TreeFailure
{
    /// <summary>There is nothing at the path.</summary>
    NotFound,

    /// <summary>The path leads where it may not, or something is in the way that is not replaced.</summary>
    NotAllowed,

    /// <summary>The archive is cut off, broken, or holds what cannot be made.</summary>
    BadArchive,

    /// <summary>The disk is full.</summary>
    Full,

    /// <summary>Somebody changed the tree in the same moment.</summary>
    Changed,
}
