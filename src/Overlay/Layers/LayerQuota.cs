using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>How the size of a live layer can be limited.</summary>
public enum LayerQuotaKind
{
    /// <summary>It cannot.</summary>
    None,

    /// <summary>btrfs quotas: each live layer is a subvolume with a group.</summary>
    Btrfs,

    /// <summary>Project quotas of XFS or ext4: each live layer is a project.</summary>
    Project,
}

/// <summary>Whether limits of live layers can be held here.</summary>
/// <param name="Kind">How.</param>
/// <param name="Reason">For people: where they cannot, why, and what to do.</param>
/// <param name="IsOn">Whether the filesystem counts now; with btrfs in a pool file that begins with the first limit.</param>
public sealed record LayerQuotaSupport(LayerQuotaKind Kind, string Reason, bool IsOn);

/// <summary>What a layer holds, as the kernel counts it; to read it costs some small files.</summary>
/// <param name="ReferencedBytes">All that it refers to, metadata included, shared with other layers or not.</param>
/// <param name="ExclusiveBytes">What no other layer refers to: deleting it frees that. Null where the kernel does not tell.</param>
/// <param name="ReservedBytes">Promised to writers and not yet counted; counts towards the limit.</param>
/// <param name="LimitBytes">The most it may refer to; null: no limit.</param>
public sealed record LayerUse(long ReferencedBytes, long? ExclusiveBytes, long ReservedBytes, long? LimitBytes)
{
    /// <summary>What a write beyond the limit fails with: EDQUOT, on XFS ENOSPC.</summary>
    public Errno FullErrno { get; init; } = Errno.EDQUOT;

    /// <summary>Whether the kernel refuses no write: the limit is somebody else's to hold.</summary>
    public bool IsSoft { get; init; }
}
