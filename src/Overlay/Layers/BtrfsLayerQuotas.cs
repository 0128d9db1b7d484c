using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Limits of subvolumes. In a pool file, which is Sleigh's alone, quotas are switched on with the first limit, and off at a start that
/// finds none: counting makes every commit dearer. On a filesystem of the host's they are the host's to switch.
/// </summary>
/// <param name="root">A directory in the filesystem.</param>
/// <param name="isPool">Whether the filesystem is a pool file's.</param>
internal sealed class BtrfsLayerQuotas(SafeFileHandle root, bool isPool)
{
    private readonly Lock _switching = new();

    /// <summary>Whether limits can be held.</summary>
    public LayerQuotaSupport Support()
    {
        BtrfsQuotaMode mode = BtrfsQuota.Status(root).Mode;
        return (mode, isPool) switch
        {
            (BtrfsQuotaMode.Full, _) => new LayerQuotaSupport(LayerQuotaKind.Btrfs, "btrfs quotas", IsOn: true),
            (BtrfsQuotaMode.Off, true) => new LayerQuotaSupport(LayerQuotaKind.Btrfs, "btrfs quotas, switched on with the first limit", IsOn: false),
            (BtrfsQuotaMode.Off, false) => new LayerQuotaSupport(
                LayerQuotaKind.None, "quotas of the host's btrfs are off: btrfs quota enable, on the filesystem of data_dir", IsOn: false),
            _ => new LayerQuotaSupport(
                LayerQuotaKind.None,
                "the btrfs keeps simple quotas, which count what a layer wrote and not what it holds: btrfs quota disable, then btrfs quota enable",
                IsOn: true),
        };
    }

    /// <summary>Sets or lifts the limit of a subvolume.</summary>
    /// <exception cref="LayerLimitException">Limits cannot be held here.</exception>
    public void SetLimit(SafeFileHandle subvolume, long? bytes)
    {
        if (bytes is null)
        {
            Lift(subvolume);
            return;
        }

        RequireOn();
        BtrfsQuota.SetLimit(subvolume, bytes);
    }

    /// <summary>Takes the limit off a subvolume that may have one, such as that of a layer it is a snapshot of.</summary>
    public void Lift(SafeFileHandle subvolume)
    {
        if (IsOn())
        {
            BtrfsQuota.SetLimit(subvolume, null);
        }
    }

    /// <summary>What a subvolume holds; null where nobody counts.</summary>
    public static LayerUse? UseOf(SafeFileHandle subvolume) => BtrfsQuota.Use(subvolume) is BtrfsUse use
        ? new LayerUse(use.ReferencedBytes, use.ExclusiveBytes, use.ReservedBytes, use.LimitBytes)
        : null;

    /// <summary>
    /// At start, before anything is made: switches quotas off where no live layer has a limit, and else removes the groups of subvolumes
    /// that are gone.
    /// </summary>
    /// <param name="subvolumes">All there are, live ones first.</param>
    public void TidyAtStart(IEnumerable<(bool IsLive, Func<SafeFileHandle> Open)> subvolumes)
    {
        if (!isPool || BtrfsQuota.Status(root).Mode != BtrfsQuotaMode.Full)
        {
            return;
        }

        bool limits = false;
        HashSet<ulong> present = [];
        foreach ((bool isLive, Func<SafeFileHandle> open) in subvolumes)
        {
            using SafeFileHandle subvolume = open();
            present.Add(BtrfsQuota.SubvolumeId(subvolume));
            limits |= isLive && BtrfsQuota.Use(subvolume)?.LimitBytes is not null;
        }

        if (!limits)
        {
            BtrfsQuota.Disable(root);
            return;
        }

        // The lowest number of a subvolume is 256; 5 is the top.
        foreach (ulong gone in BtrfsQuota.Groups(root).Where(id => id >= 256 && !present.Contains(id)))
        {
            BtrfsQuota.TryRemoveGroup(root, gone);
        }
    }

    /// <summary>Counts anew where the kernel has given up counting: until then, limits do not hold.</summary>
    /// <returns>Whether that was needed.</returns>
    public bool Mend()
    {
        if (BtrfsQuota.Status(root) is not { Mode: BtrfsQuotaMode.Full, IsInconsistent: true })
        {
            return false;
        }

        BtrfsQuota.Rescan(root);
        return true;
    }

    private bool IsOn() => BtrfsQuota.Status(root).Mode == BtrfsQuotaMode.Full;

    // Under the lock also where it is on: whoever comes while it is being switched on waits for the count.
    private void RequireOn()
    {
        lock (_switching)
        {
            LayerQuotaSupport support = Support();
            if (support.Kind == LayerQuotaKind.None)
            {
                throw new LayerLimitException(support.Reason);
            }

            if (!support.IsOn)
            {
                BtrfsQuota.Enable(root);

                // A limit is compared with what has been counted.
                BtrfsQuota.WaitForRescan(root);
            }
        }
    }
}
