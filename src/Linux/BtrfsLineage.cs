using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>What a btrfs subvolume is a snapshot of (BTRFS_IOC_GET_SUBVOL_INFO, Linux 4.18).</summary>
/// <param name="Id">The subvolume's UUID.</param>
/// <param name="Parent">That of the one it was made from; empty when it is no snapshot. It may be deleted by now.</param>
/// <param name="Origin">The transaction that made it: the parent's changes up to it are in it, later ones are not.</param>
public readonly partial record struct BtrfsLineage(Guid Id, Guid Parent, ulong Origin)
{
    private const nuint GetSubvolumeInfo = 0x81F8943C;
    private const int Size = 504;

    /// <summary>Reads it.</summary>
    /// <param name="subvolume">Any directory in it.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static BtrfsLineage Read(SafeFileHandle subvolume)
    {
        Span<byte> info = stackalloc byte[Size];
        info.Clear();

        // As of Linux 6.18 the answer may be 1 where all went well: what the search for the parent left behind.
        return Ioctl(subvolume, GetSubvolumeInfo, info) >= 0
            ? new BtrfsLineage(new Guid(info.Slice(296, 16), bigEndian: true), new Guid(info.Slice(312, 16), bigEndian: true), BinaryPrimitives.ReadUInt64LittleEndian(info[352..]))
            : throw KernelException.Last("read the lineage of subvolume", subvolume, default);
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, Span<byte> argument);
}
