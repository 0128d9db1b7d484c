using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>An overlay of a live layer and an image, mounted on the host as the store's plans ask for.</summary>
public sealed class MountedTree : IDisposable
{
    public MountedTree(TestDirectory directory, LiveLayer layer, string image, bool isVolatile = false)
        : this(directory, layer, [image], isVolatile)
    {
    }

    /// <summary>Of an image of several layers, uppermost first.</summary>
    public MountedTree(TestDirectory directory, LiveLayer layer, IReadOnlyList<string> image, bool isVolatile = false)
    {
        Layer = layer;
        Path = directory.Make($"tree-{layer.Id}");
        using OverlayLayers layers = OverlayLayers.Open(new TreePlan
        {
            Lowers = [.. layer.SealedLowers, .. image],
            Upper = layer.Upper,
            Work = layer.Work,
            Volatile = isVolatile,
        });
        using SafeFileHandle mount = layers.MountDetached();
        using SafeFileHandle target = Files.Open(Path, OpenFlags.PathOnly);
        Mounts.Move(mount, target);
    }

    public LiveLayer Layer { get; }

    public string Path { get; }

    public string this[string name] => $"{Path}/{name}";

    public IReadOnlyList<string> Manifest() => TreeManifest.Of(Path);

    public void Dispose() => Mounts.Unmount(Path, detach: true);
}
