using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>Which driver the layers of a data directory have or would get. Looks only: no file is made and no module loaded.</summary>
/// <param name="Kind">The driver; never <see cref="LayerDriverKind.Auto"/>.</param>
/// <param name="Reason">Why.</param>
/// <param name="UsesPool">Whether layers lie in a pool file.</param>
public sealed record LayerOutlook(LayerDriverKind Kind, string Reason, bool UsesPool)
{
    /// <summary>Where a pool is mounted.</summary>
    public static string PoolMountPoint(string dataDirectory) => PoolFile.MountPointOf(dataDirectory);

    /// <summary>Looks at a data directory, or at the nearest parent that exists.</summary>
    /// <param name="dataDirectory">The directory; it need not exist.</param>
    /// <param name="wanted">As configured.</param>
    /// <param name="kernelHasBtrfs">The kernel has btrfs, or can load it.</param>
    /// <exception cref="LayerStoreUnavailableException">The directory's note names another driver, or none.</exception>
    /// <exception cref="KernelException">The filesystem does not answer.</exception>
    public static LayerOutlook Of(string dataDirectory, LayerDriverKind wanted, bool kernelHasBtrfs)
    {
        string place = dataDirectory;
        while (!Directory.Exists(place) && Path.GetDirectoryName(place) is { } parent)
        {
            place = parent;
        }

        long magic = FileSystems.Stat(place).Magic;
        LayerDriverKind? kept = LayerDriverChoice.Remembered(dataDirectory);
        if (kept is not null && wanted != LayerDriverKind.Auto && wanted != kept)
        {
            throw LayerDriverChoice.Mismatch(dataDirectory, kept.Value, wanted);
        }

        string? missing = PoolFile.Missing() ?? (kernelHasBtrfs ? null : "the kernel has no btrfs");
        return Judge(kept, wanted, magic, missing);
    }

    /// <summary>What a filesystem lacks for limits of layers that are directories, with what to do; null: nothing.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static string? LacksForProjects(SafeFileHandle anywhere) =>
        ProjectQuota.Mode(anywhere) == ProjectQuotaMode.Enforced ? null : ProjectLayerQuotas.Remedy(FileSystems.Stat(anywhere).Magic);

    internal static LayerOutlook Judge(LayerDriverKind? kept, LayerDriverKind wanted, long magic, string? poolLacks)
    {
        bool onBtrfs = magic == FileSystems.Btrfs;
        if (kept is { } before)
        {
            return new LayerOutlook(before, "chosen when the data directory was made", before == LayerDriverKind.Btrfs && !onBtrfs);
        }

        if (wanted != LayerDriverKind.Auto)
        {
            return new LayerOutlook(wanted, "configured", wanted == LayerDriverKind.Btrfs && !onBtrfs);
        }

        return onBtrfs ? new LayerOutlook(LayerDriverKind.Btrfs, "the data directory is on btrfs", UsesPool: false)
            : poolLacks is null ? new LayerOutlook(LayerDriverKind.Btrfs, "in a pool file, as the data directory is not on btrfs", UsesPool: true)
            : new LayerOutlook(magic == FileSystems.Xfs ? LayerDriverKind.Reflink : LayerDriverKind.Copy, $"no btrfs: {poolLacks}", UsesPool: false);
    }
}
