using System.Collections.Concurrent;
using Sleigh.Containerd;

namespace Sleigh.Runtime.Images;

/// <summary>Finds the read-only directories of an image by its chain ID, which stays true whatever the image's name means later.</summary>
internal sealed class ImageLayers
{
    private const string LowerOption = "lowerdir=";

    private readonly ContainerdClient _containerd;
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _known = new(StringComparer.Ordinal);

    public ImageLayers(ContainerdClient containerd) => _containerd = containerd;

    /// <summary>The directories, uppermost first: the mounts of the view that keeps the layers from collection.</summary>
    /// <exception cref="ContainerdException">containerd does not know the layers any more, or does not answer.</exception>
    public async Task<IReadOnlyList<string>> LowersAsync(string chain, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(chain, out IReadOnlyList<string>? lowers))
        {
            return lowers;
        }

        lowers = Lowers(await _containerd.Snapshots.MountsAsync(ViewName(chain), cancellationToken));
        _known[chain] = lowers;
        return lowers;
    }

    // The name that the image store gives the view of a chain ID.
    private static string ViewName(string chain) => $"sleigh-view-{chain[(chain.IndexOf(':', StringComparison.Ordinal) + 1)..]}";

    // A view of one layer is a bind mount of it, of several an overlay without an upper.
    private static string[] Lowers(IReadOnlyList<ContainerdMount> mounts) => mounts switch
    {
        [{ Type: "bind" } bind] => [bind.Source],
        [{ Type: "overlay" } overlay] when overlay.Options.FirstOrDefault(o => o.StartsWith(LowerOption, StringComparison.Ordinal)) is string option =>
            option[LowerOption.Length..].Split(':'),
        _ => throw new InvalidDataException($"a view of an image has mounts of an unknown form: {string.Join("; ", mounts)}"),
    };
}
