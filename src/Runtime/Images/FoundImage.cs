using Sleigh.Containerd;

namespace Sleigh.Runtime.Images;

/// <summary>An image that a create stands on; it is not removed before this is disposed.</summary>
internal sealed class FoundImage(ImageTree tree, ImageHolds holds) : IDisposable
{
    public ImageTree Tree { get; } = tree;

    /// <summary>How long the create waited for a pull; null when there was none.</summary>
    public TimeSpan? Pull { get; init; }

    public void Dispose() => holds.Release(Tree.ChainId);
}
