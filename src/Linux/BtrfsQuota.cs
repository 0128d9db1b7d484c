using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Linux;

/// <summary>
/// Quotas of btrfs subvolumes: the ioctls of include/uapi/linux/btrfs.h to change them, and <c>/sys/fs/btrfs/UUID/qgroups</c> to read
/// them (fs/btrfs/sysfs.c, Linux 5.9). Each subvolume has a group of its own, 0/id. Changes need CAP_SYS_ADMIN.
/// </summary>
public static partial class BtrfsQuota
{
    private const nuint ControlRequest = 0xC0109428;
    private const nuint CreateRequest = 0x4010942A;
    private const nuint LimitRequest = 0x8030942B;
    private const nuint RescanRequest = 0x4040942C;
    private const nuint RescanWaitRequest = 0x942E;
    private const nuint InodeLookupRequest = 0xD0009412;
    private const ulong EnableCommand = 1;
    private const ulong DisableCommand = 2;
    private const ulong MaxReferenced = 1;
    private const ulong FirstFreeObject = 256;

    /// <summary>How the filesystem counts now.</summary>
    /// <exception cref="KernelException">It is no btrfs.</exception>
    /// <exception cref="KernelFileException">The kernel's files cannot be read.</exception>
    public static BtrfsQuotaStatus Status(SafeFileHandle anywhere)
    {
        using KernelDirectory? groups = OpenGroups(anywhere);

        // Before 6.1 there are no such files, and quotas are on where there are groups.
        return groups is null || groups.TryRead("enabled")?.Trim() == "0"
            ? new BtrfsQuotaStatus(BtrfsQuotaMode.Off, IsInconsistent: false)
            : new BtrfsQuotaStatus(
                groups.TryRead("mode")?.Trim() == "squota" ? BtrfsQuotaMode.Simple : BtrfsQuotaMode.Full,
                groups.TryRead("inconsistent")?.Trim() == "1");
    }

    /// <summary>
    /// Switches full quotas on. Figures are right once the count of what is there already has been waited for
    /// (<see cref="WaitForRescan"/>).
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Enable(SafeFileHandle anywhere) => Control(anywhere, EnableCommand, "enable the quotas of");

    /// <summary>Switches quotas off; all groups and limits are forgotten.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Disable(SafeFileHandle anywhere) => Control(anywhere, DisableCommand, "disable the quotas of");

    /// <summary>Begins to count everything anew; nothing happens where that is under way already.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Rescan(SafeFileHandle anywhere)
    {
        // struct btrfs_ioctl_quota_rescan_args: flags, progress, 6 reserved words.
        Span<byte> arguments = stackalloc byte[64];
        arguments.Clear();
        if (Ioctl(anywhere, RescanRequest, arguments) != 0 && (Errno)Marshal.GetLastPInvokeError() != Errno.EINPROGRESS)
        {
            throw KernelException.Last("count the quotas of", anywhere, default);
        }
    }

    /// <summary>Waits until a count under way is done; there need not be one.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void WaitForRescan(SafeFileHandle anywhere)
    {
        if (Ioctl(anywhere, RescanWaitRequest, default) != 0)
        {
            throw KernelException.Last("wait for the quotas of", anywhere, default);
        }
    }

    /// <summary>
    /// Limits what a subvolume refers to, shared or not, its metadata included. Writers beyond it get EDQUOT; what is there stays, and
    /// can be deleted. A snapshot of it begins with the same limit.
    /// </summary>
    /// <param name="subvolume">Anything in it.</param>
    /// <param name="bytes">The limit; null: none.</param>
    /// <exception cref="KernelException">ENOTCONN, before Linux 5.9 EINVAL: quotas are off.</exception>
    public static void SetLimit(SafeFileHandle subvolume, long? bytes)
    {
        // struct btrfs_ioctl_qgroup_limit_args: group (0: of this subvolume), which of the limits are set, most referenced (-1: no
        // limit), most exclusive, and two of old.
        Span<byte> arguments = stackalloc byte[48];
        arguments.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[8..], MaxReferenced);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[16..], bytes is long wanted ? checked((ulong)wanted) : ulong.MaxValue);
        if (Ioctl(subvolume, LimitRequest, arguments) != 0)
        {
            throw KernelException.Last("limit subvolume", subvolume, default);
        }
    }

    /// <summary>What a subvolume holds and may hold; null where quotas are off or its group is gone.</summary>
    /// <exception cref="KernelException">It is no btrfs.</exception>
    /// <exception cref="KernelFileException">The kernel's files cannot be read.</exception>
    public static BtrfsUse? Use(SafeFileHandle subvolume)
    {
        ulong id = SubvolumeId(subvolume);
        using KernelDirectory? groups = OpenGroups(subvolume);
        using KernelDirectory? group = groups is null ? null : KernelDirectory.TryOpen($"{groups.Path}/{GroupName(id)}");
        if (group?.TryRead("referenced") is not string referenced || group.TryRead("exclusive") is not string exclusive)
        {
            return null;
        }

        // Counts change with each commit; what is promised to writers until then is what the limit is compared with besides.
        long reserved = Number(group, "rsv_data") + Number(group, "rsv_meta_pertrans") + Number(group, "rsv_meta_prealloc");
        bool limited = (Number(group, "limit_flags") & (long)MaxReferenced) != 0;
        return new BtrfsUse(Parse(referenced), Parse(exclusive), reserved, limited ? Number(group, "max_referenced") : null);
    }

    /// <summary>The subvolumes that have a group, deleted ones among them.</summary>
    /// <exception cref="KernelException">It is no btrfs.</exception>
    public static IReadOnlyList<ulong> Groups(SafeFileHandle anywhere)
    {
        using KernelDirectory? groups = OpenGroups(anywhere);
        return groups is null
            ? []
            : [.. Directory.EnumerateDirectories(groups.Path).Select(Path.GetFileName).Select(TryParseGroup).OfType<ulong>()];
    }

    /// <summary>
    /// Removes the group of a deleted subvolume. Linux 6.11 does so by itself once the blocks are free, and refuses before; older kernels
    /// keep it for ever.
    /// </summary>
    /// <returns>False: not now, or there is none.</returns>
    /// <exception cref="KernelException">The kernel refused otherwise.</exception>
    public static bool TryRemoveGroup(SafeFileHandle anywhere, ulong subvolume)
    {
        // struct btrfs_ioctl_qgroup_create_args: create, group.
        Span<byte> arguments = stackalloc byte[16];
        arguments.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[8..], subvolume);
        if (Ioctl(anywhere, CreateRequest, arguments) == 0)
        {
            return true;
        }

        return (Errno)Marshal.GetLastPInvokeError() is Errno.EBUSY or Errno.ENOENT or Errno.ENOTCONN or Errno.ENOSPC
            ? false
            : throw KernelException.Last($"remove the quota group {subvolume} of", anywhere, default);
    }

    /// <summary>The number of the subvolume that a file lies in.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static ulong SubvolumeId(SafeFileHandle anything)
    {
        // struct btrfs_ioctl_ino_lookup_args: tree (0: of this file), object, name.
        byte[] arguments = new byte[4096];
        BinaryPrimitives.WriteUInt64LittleEndian(arguments.AsSpan(8), FirstFreeObject);
        return Ioctl(anything, InodeLookupRequest, arguments) == 0
            ? BinaryPrimitives.ReadUInt64LittleEndian(arguments)
            : throw KernelException.Last("find the subvolume of", anything, default);
    }

    internal static ulong? TryParseGroup(string? name) =>
        name is not null && name.StartsWith("0_", StringComparison.Ordinal)
        && ulong.TryParse(name.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out ulong id)
            ? id
            : null;

    private static string GroupName(ulong id) => string.Create(CultureInfo.InvariantCulture, $"0_{id}");

    private static long Number(KernelDirectory group, string name) => group.TryRead(name) is string text ? Parse(text) : 0;

    // The counts are u64 that may have gone below zero for a moment.
    private static long Parse(string text) => unchecked((long)ulong.Parse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture));

    private static void Control(SafeFileHandle anywhere, ulong command, string what)
    {
        // struct btrfs_ioctl_quota_ctl_args: command, status.
        Span<byte> arguments = stackalloc byte[16];
        arguments.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(arguments, command);
        if (Ioctl(anywhere, ControlRequest, arguments) != 0)
        {
            throw KernelException.Last(what, anywhere, default);
        }
    }

    private static KernelDirectory? OpenGroups(SafeFileHandle anywhere) => KernelDirectory.TryOpen(BtrfsVolume.KernelFiles(anywhere, "qgroups"));

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, Span<byte> argument);
}
