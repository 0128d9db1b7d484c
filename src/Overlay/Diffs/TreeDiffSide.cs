using Microsoft.Win32.SafeHandles;

namespace Sleigh.Overlay;

/// <summary>One of two trees that are compared.</summary>
public sealed record TreeDiffSide
{
    /// <summary>The root of the tree as the kernel shows it, whole.</summary>
    public required SafeFileHandle Root { get; init; }

    /// <summary>The directories it is made of, uppermost first.</summary>
    public required IReadOnlyList<string> Layers { get; init; }

    /// <summary>When the uppermost layer was sealed, or a little earlier; null: it is being written to.</summary>
    public DateTimeOffset? SealedAt { get; init; }
}
