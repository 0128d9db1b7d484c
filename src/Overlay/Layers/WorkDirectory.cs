using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>The two directories of a live layer.</summary>
internal static class WorkDirectory
{
    /// <summary>Makes the upper directory. Mode and owner become those of the tree's <c>/</c>.</summary>
    public static void MakeUpper(SafeFileHandle layer)
    {
        Files.MakeDirectory(layer, "upper", 0x1ED); // 0755
        Files.SetMode(layer, "upper", 0x1ED);
    }

    /// <summary>
    /// Makes the work directory anew: one that a volatile overlay used is refused by the next mount (EINVAL), and a
    /// snapshot brings along that of the layer it was taken from.
    /// </summary>
    public static void Renew(SafeFileHandle layer)
    {
        if (Files.TryStat(layer, "work", out _) is not null)
        {
            TreeRemover.Remove(layer, "work", () => $"work.deep-{Guid.NewGuid():N}", CancellationToken.None);
        }

        Files.MakeDirectory(layer, "work", 0x1C0); // 0700
    }
}
