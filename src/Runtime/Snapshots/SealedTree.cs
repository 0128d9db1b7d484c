using Microsoft.Win32.SafeHandles;

namespace Sleigh.Runtime;

/// <summary>The files of a snapshot, open until it is disposed.</summary>
/// <param name="Uppers">What has been written over the image, the uppermost first.</param>
/// <param name="Layers">The same with the image's layers below.</param>
/// <param name="Root">The root directory of it all.</param>
/// <param name="Hold">Keeps the layers; given back with the tree.</param>
internal sealed record SealedTree(IReadOnlyList<string> Uppers, IReadOnlyList<string> Layers, SafeFileHandle Root, IDisposable Hold) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Root.Dispose();
        Hold.Dispose();
    }
}
