namespace Sleigh.Linux;

/// <summary>How a btrfs counts what its subvolumes hold.</summary>
public enum BtrfsQuotaMode
{
    /// <summary>Not at all.</summary>
    Off,

    /// <summary>Each subvolume with all that it refers to, shared or not.</summary>
    Full,

    /// <summary>Each block with the subvolume that wrote it (Linux 6.7).</summary>
    Simple,
}

/// <summary>The state of a filesystem's quotas.</summary>
/// <param name="Mode">How it counts.</param>
/// <param name="IsInconsistent">
/// Figures are wrong until the next <see cref="BtrfsQuota.Rescan"/> has ended. Linux 6.1 and later give up counting when a large subvolume
/// is deleted (<c>drop_subtree_threshold</c>).
/// </param>
public readonly record struct BtrfsQuotaStatus(BtrfsQuotaMode Mode, bool IsInconsistent);

/// <summary>What a subvolume holds.</summary>
/// <param name="ReferencedBytes">All it refers to, as of the last commit.</param>
/// <param name="ExclusiveBytes">What nobody else refers to: deleting it frees that.</param>
/// <param name="ReservedBytes">What has been promised to writers since that commit.</param>
/// <param name="LimitBytes">The most it may refer to; null: no limit.</param>
public readonly record struct BtrfsUse(long ReferencedBytes, long ExclusiveBytes, long ReservedBytes, long? LimitBytes);
