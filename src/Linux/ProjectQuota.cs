using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>How a filesystem counts what its projects hold.</summary>
public enum ProjectQuotaMode
{
    /// <summary>Not at all.</summary>
    Off,

    /// <summary>It counts, and refuses nothing.</summary>
    Counting,

    /// <summary>It holds limits.</summary>
    Enforced,
}

/// <summary>What a project holds and may hold.</summary>
/// <param name="Bytes">Its blocks; what writers were promised and is not yet on the disk is counted too.</param>
/// <param name="Files">Its files and directories, among them those without a name that are still open.</param>
/// <param name="LimitBytes">The most it may hold; null: no limit.</param>
/// <param name="LimitFiles">The most files and directories it may hold; null: no limit.</param>
public readonly record struct ProjectUse(long Bytes, long Files, long? LimitBytes, long? LimitFiles = null);

/// <summary>
/// Project quotas of XFS and ext4, by quotactl_fd(2) (Linux 5.14) with the commands and structures of include/uapi/linux/dqblk_xfs.h, which the
/// kernel translates for ext4 (fs/quota/quota.c). Changes need CAP_SYS_ADMIN.
/// </summary>
/// <remarks>
/// Over a hard limit, of blocks or of files, ext4 answers EDQUOT and XFS ENOSPC (xfs_trans_dqresv). ext4 lets CAP_SYS_RESOURCE pass the limit (ignore_hardlimit), XFS nobody;
/// an overlay writes without that capability whoever mounted it (ovl_fill_super, "never override disk quota limits", Linux 4.10).
/// </remarks>
public static partial class ProjectQuota
{
    private const int ProjectType = 2;
    private const int GetQuota = 3;
    private const int SetLimits = 4;
    private const int GetState = 8;
    private const int GetNextQuota = 9;
    private const int Block = 512;
    private const int QuotaSize = 112;
    private const int StateSize = 160;
    private const ushort BlockHardLimit = 1 << 3;
    private const ushort BlockSoftLimit = 1 << 2;
    private const ushort FileHardLimit = 1 << 1;
    private const ushort FileSoftLimit = 1 << 0;
    private const ushort ProjectsCounted = 1 << 4;
    private const ushort ProjectsEnforced = 1 << 5;

    /// <summary>How the filesystem counts now.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static ProjectQuotaMode Mode(SafeFileHandle anywhere)
    {
        // struct fs_quota_statv: version, pad, flags, ...
        Span<byte> state = stackalloc byte[StateSize];
        state.Clear();
        state[0] = 1;
        if (Call(anywhere, GetState, 0, state) != 0)
        {
            return (Errno)Marshal.GetLastPInvokeError() is Errno.ENOSYS or Errno.EINVAL or Errno.ESRCH or Errno.ENOTTY
                ? ProjectQuotaMode.Off
                : throw KernelException.Last("read the quotas of", anywhere, default);
        }

        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(state[2..]);
        return (flags & ProjectsCounted) == 0 ? ProjectQuotaMode.Off
            : (flags & ProjectsEnforced) == 0 ? ProjectQuotaMode.Counting
            : ProjectQuotaMode.Enforced;
    }

    /// <summary>What a project holds; null where the filesystem does not count. One that nobody ever used holds nothing.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static ProjectUse? Use(SafeFileHandle anywhere, uint project)
    {
        Span<byte> quota = stackalloc byte[QuotaSize];
        quota.Clear();
        return Call(anywhere, GetQuota, project, quota) == 0 ? Parse(quota)
            : (Errno)Marshal.GetLastPInvokeError() switch
            {
                Errno.ENOENT => new ProjectUse(0, 0, null),
                Errno.ESRCH or Errno.ENOSYS or Errno.EINVAL => null,
                _ => throw KernelException.Last($"read what project {project} holds of", anywhere, default),
            };
    }

    /// <summary>Limits what a project may hold; what it has beyond that stays, and can be deleted.</summary>
    /// <param name="anywhere">A file in the filesystem.</param>
    /// <param name="project">The project, not 0.</param>
    /// <param name="bytes">The limit, rounded down to 512 bytes; null: none.</param>
    /// <param name="files">How many files and directories; null: no limit.</param>
    /// <exception cref="KernelException">ESRCH: the filesystem does not count.</exception>
    public static void SetLimit(SafeFileHandle anywhere, uint project, long? bytes, long? files)
    {
        Span<byte> quota = stackalloc byte[QuotaSize];
        Write(quota, project, bytes, files);
        if (Call(anywhere, SetLimits, project, quota) != 0)
        {
            throw KernelException.Last($"limit project {project} of", anywhere, default);
        }
    }

    /// <summary>The next project with a limit or files, from this number on; null: there is none, or the filesystem does not count.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static (uint Project, ProjectUse Use)? Next(SafeFileHandle anywhere, uint from)
    {
        Span<byte> quota = stackalloc byte[QuotaSize];
        quota.Clear();
        return Call(anywhere, GetNextQuota, from, quota) == 0
            ? (BinaryPrimitives.ReadUInt32LittleEndian(quota[4..]), Parse(quota))
            : (Errno)Marshal.GetLastPInvokeError() is Errno.ENOENT or Errno.ESRCH or Errno.ENOSYS or Errno.EINVAL
                ? null
                : throw KernelException.Last("list the projects of", anywhere, default);
    }

    internal static ProjectUse Parse(ReadOnlySpan<byte> quota)
    {
        long limit = BinaryPrimitives.ReadInt64LittleEndian(quota[8..]);
        long files = BinaryPrimitives.ReadInt64LittleEndian(quota[24..]);
        return new ProjectUse(
            BinaryPrimitives.ReadInt64LittleEndian(quota[40..]) * Block,
            BinaryPrimitives.ReadInt64LittleEndian(quota[48..]),
            limit == 0 ? null : limit * Block,
            files == 0 ? null : files);
    }

    // struct fs_disk_quota: version, flags, which fields are set, id, hard and soft limit of blocks, the same of files, ...
    internal static void Write(Span<byte> quota, uint project, long? bytes, long? files)
    {
        quota.Clear();
        quota[0] = 1;
        quota[1] = 2; // FS_PROJ_QUOTA
        BinaryPrimitives.WriteUInt16LittleEndian(quota[2..], BlockHardLimit | BlockSoftLimit | FileHardLimit | FileSoftLimit);
        BinaryPrimitives.WriteUInt32LittleEndian(quota[4..], project);
        BinaryPrimitives.WriteInt64LittleEndian(quota[8..], (bytes ?? 0) / Block);
        BinaryPrimitives.WriteInt64LittleEndian(quota[24..], files ?? 0);
    }

    private static unsafe nint Call(SafeFileHandle anywhere, int command, uint project, Span<byte> argument)
    {
        fixed (byte* address = argument)
        {
            // QCMD(XQM_CMD(command), PRJQUOTA)
            return Syscall.Invoke(SyscallNumber.QuotaCtlFd, anywhere, ((('X' << 8) + command) << 8) | ProjectType, (nint)project, (nint)address);
        }
    }
}
