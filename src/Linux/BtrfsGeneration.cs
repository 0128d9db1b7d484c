using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// When a btrfs subvolume changed last, in numbers of transactions, which only grow (BTRFS_IOC_GET_SUBVOL_INFO, Linux 4.18;
/// struct btrfs_ioctl_get_subvol_info_args of include/uapi/linux/btrfs.h).
/// </summary>
/// <param name="Committed">
/// The transaction in which the subvolume's tree changed last, as of the last commit: what was written since does not show before
/// syncfs(2). That a snapshot was taken of it counts as a change of its tree.
/// </param>
/// <param name="Origin">Of a snapshot: the transaction that made it. It never changes. Its source has the same as <paramref name="Committed"/> then.</param>
/// <param name="Inodes">
/// The transaction in which one of its files or directories changed last. A snapshot has its source's, data that it waited for counted in.
/// </param>
public readonly partial record struct BtrfsGeneration(ulong Committed, ulong Origin, ulong Inodes)
{
    private const nuint GetSubvolumeInfo = 0x81F8943C;
    internal const int InfoSize = 504;

    /// <summary>Reads them.</summary>
    /// <param name="subvolume">Any directory in it.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static BtrfsGeneration Read(SafeFileHandle subvolume)
    {
        Span<byte> info = stackalloc byte[InfoSize];
        ReadInfo(subvolume, info);
        return new BtrfsGeneration(Number(info, 280), Number(info, 352), Number(info, 344));
    }

    /// <summary>Reads the whole structure.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    internal static void ReadInfo(SafeFileHandle subvolume, Span<byte> info)
    {
        info.Clear();

        // As of Linux 6.18 the answer may be 1 where all went well: what the search for the parent left behind.
        if (Ioctl(subvolume, GetSubvolumeInfo, info) < 0)
        {
            throw KernelException.Last("read what is known of subvolume", subvolume, default);
        }
    }

    private static ulong Number(ReadOnlySpan<byte> info, int at) => BinaryPrimitives.ReadUInt64LittleEndian(info[at..]);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, Span<byte> argument);
}
