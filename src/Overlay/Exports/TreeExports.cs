using Microsoft.Win32.SafeHandles;

namespace Sleigh.Overlay;

/// <summary>
/// Sealed trees as tar archives for other tools, in constant memory: with FIFOs, devices and extended attributes. Sockets, and what is in
/// /proc, /sys and /dev, are left out.
/// </summary>
public static class TreeExports
{
    /// <summary>Writes the sealed part of a tree as one layer of an OCI image, uncompressed, on top of the image it stands on.</summary>
    /// <param name="root">The tree, mounted.</param>
    /// <param name="uppers">The sealed directories, uppermost first, without the image's.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">Ends it in the middle.</param>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotAllowed"/>: a name that a layer cannot hold.</exception>
    /// <exception cref="Linux.KernelException">A layer has gone, or cannot be read.</exception>
    public static Task<TreeArchiveSummary> WriteLayerAsync(
        SafeFileHandle root, IReadOnlyList<string> uppers, Stream output, CancellationToken cancellationToken) =>
        LayerArchiver.RunAsync(root, uppers, output, cancellationToken);

    /// <summary>Writes all of a tree, the image's files too. Names begin with <c>./</c>; /proc, /sys and /dev are empty.</summary>
    /// <param name="root">The tree, mounted.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">Ends it in the middle.</param>
    /// <exception cref="Linux.KernelException">A layer has gone, or cannot be read.</exception>
    public static Task<TreeArchiveSummary> WriteTreeAsync(SafeFileHandle root, Stream output, CancellationToken cancellationToken) =>
        TreeArchiver.RunAsync(root, isRoot: true, ".", output, TreeContent.Everything, cancellationToken);
}
