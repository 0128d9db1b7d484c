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

/// <summary>
/// How many files a limit of bytes lets a layer have, where blocks do not tell: an empty file takes none, but an inode, of which ext4 has a fixed number (by default one for 16 KiB
/// of the disk), and which takes 512 bytes of XFS. Files with anything in them take a block each, so most layers meet the limit of bytes first.
/// </summary>
public static class LayerFiles
{
    /// <summary>Bytes of a limit for each file.</summary>
    public const int BytesPerFile = 4096;

    private const int Least = 1024;

    /// <summary>The number for a limit.</summary>
    public static long LimitOf(long bytes) => Math.Max(Least, bytes / BytesPerFile);
}

/// <summary>What a layer holds, as the kernel counts it; to read it costs some small files.</summary>
/// <param name="ReferencedBytes">All that it refers to, metadata included, shared with other layers or not.</param>
/// <param name="ExclusiveBytes">What no other layer refers to: deleting it frees that. Null where the kernel does not tell.</param>
/// <param name="ReservedBytes">Promised to writers and not yet counted; counts towards the limit.</param>
/// <param name="LimitBytes">The most it may refer to; null: no limit.</param>
public sealed record LayerUse(long ReferencedBytes, long? ExclusiveBytes, long ReservedBytes, long? LimitBytes)
{
    /// <summary>What a write beyond the limit fails with: EDQUOT, on XFS ENOSPC.</summary>
    public Errno FullErrno { get; init; } = Errno.EDQUOT;

    /// <summary>How many files and directories it holds, where that is limited; else null.</summary>
    public long? Files { get; init; }

    /// <summary>How many it may hold; null: no limit.</summary>
    public long? LimitFiles { get; init; }

    /// <summary>Whether the kernel refuses no write: the limit is somebody else's to hold.</summary>
    public bool IsSoft { get; init; }
}
