using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// Reading all of a btrfs and comparing it with its checksums: BTRFS_IOC_SCRUB, BTRFS_IOC_SCRUB_CANCEL and BTRFS_IOC_SCRUB_PROGRESS (Linux 3.0;
/// include/uapi/linux/btrfs.h). What has a second copy is mended. Needs CAP_SYS_ADMIN.
/// </summary>
public static partial class BtrfsScrub
{
    private const nuint ScrubRequest = 0xC400941B;
    private const nuint CancelRequest = 0x941C;
    private const nuint ProgressRequest = 0xC400941D;
    private const int ArgumentsSize = 1024;
    private const int Progress = 32;
    private const uint DeviceExtent = 204;

    /// <summary>
    /// All places on the disks that the filesystem uses now: 1 GiB each at most, and a kernel that checks one is not ended before its end, by a
    /// SIGKILL neither (fs/btrfs/scrub.c of Linux 6.18).
    /// </summary>
    /// <exception cref="KernelException">The kernel refused, or it is no btrfs.</exception>
    public static IReadOnlyList<BtrfsPlace> Places(SafeFileHandle anywhere, CancellationToken cancellationToken)
    {
        List<BtrfsPlace> places = [];
        BtrfsTree.Search(
            anywhere,
            new BtrfsItems(new BtrfsKey(1, DeviceExtent, 0), new BtrfsKey(ulong.MaxValue, DeviceExtent, ulong.MaxValue), Tree: BtrfsTree.Devices),
            (in BtrfsItem item) =>
            {
                // struct btrfs_dev_extent: tree and object of the chunk, its offset, the length. The key: device, type, where it begins there.
                if (item.Key.Type == DeviceExtent)
                {
                    places.Add(new BtrfsPlace(item.Key.Object, item.Key.Offset, checked((long)BinaryPrimitives.ReadUInt64LittleEndian(item.Data[24..]))));
                }

                return true;
            },
            BtrfsTree.UsualBuffer,
            cancellationToken);
        return places;
    }

    /// <summary>Checks one place and waits for it; the calling thread's priority for the disk counts.</summary>
    /// <returns>What it found, and whether it came to its end: false when somebody called <see cref="Cancel"/>.</returns>
    /// <exception cref="KernelException">The kernel refused; EINPROGRESS: another one is under way on that disk.</exception>
    public static (BtrfsScrubCount Count, bool IsComplete) Run(SafeFileHandle anywhere, BtrfsPlace place)
    {
        // struct btrfs_ioctl_scrub_args: device, start, end, flags, struct btrfs_scrub_progress.
        Span<byte> arguments = stackalloc byte[ArgumentsSize];
        arguments.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(arguments, place.Device);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[8..], place.Start);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[16..], place.Start + (ulong)place.Length);
        return Ioctl(anywhere, ScrubRequest, arguments) == 0 ? (Parse(arguments[Progress..]), true)
            : (Errno)Marshal.GetLastPInvokeError() == Errno.ECANCELED ? (Parse(arguments[Progress..]), false)
            : throw KernelException.Last("scrub the btrfs at", anywhere, default);
    }

    /// <summary>What the check under way has found so far.</summary>
    /// <returns>Null: none is under way on that disk.</returns>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static BtrfsScrubCount? Running(SafeFileHandle anywhere, ulong device)
    {
        Span<byte> arguments = stackalloc byte[ArgumentsSize];
        arguments.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(arguments, device);
        return Ioctl(anywhere, ProgressRequest, arguments) == 0 ? Parse(arguments[Progress..])
            : (Errno)Marshal.GetLastPInvokeError() == Errno.ENOTCONN ? null
            : throw KernelException.Last("read how far the scrub is of the btrfs at", anywhere, default);
    }

    /// <summary>Ends all checks of the filesystem and waits for that; there need not be one.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Cancel(SafeFileHandle anywhere)
    {
        if (Ioctl(anywhere, CancelRequest, default) != 0 && (Errno)Marshal.GetLastPInvokeError() != Errno.ENOTCONN)
        {
            throw KernelException.Last("end the scrub of the btrfs at", anywhere, default);
        }
    }

    /// <summary>Reads struct btrfs_scrub_progress.</summary>
    internal static BtrfsScrubCount Parse(ReadOnlySpan<byte> progress)
    {
        return new BtrfsScrubCount
        {
            Bytes = Number(progress, 2) + Number(progress, 3),
            ReadErrors = Number(progress, 4),
            ChecksumErrors = Number(progress, 5),
            MetadataErrors = Number(progress, 6),
            SuperErrors = Number(progress, 9),
            Uncorrectable = Number(progress, 11),
            Corrected = Number(progress, 12),
        };

        static long Number(ReadOnlySpan<byte> words, int at) => checked((long)BinaryPrimitives.ReadUInt64LittleEndian(words[(at * sizeof(ulong))..]));
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, Span<byte> argument);
}
