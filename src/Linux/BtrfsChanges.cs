using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// The files of a btrfs subvolume that have changed since a transaction, found without walking it: the kernel skips blocks of the tree
/// that are older (BTRFS_IOC_TREE_SEARCH_V2, Linux 3.16; include/uapi/linux/btrfs.h and btrfs_tree.h). Needs CAP_SYS_ADMIN.
/// </summary>
public static partial class BtrfsChanges
{
    private const nuint TreeSearch = 0xC0709411;
    private const nuint InodePaths = 0xC0389423;
    private const int KeySize = 104;
    private const int HeaderSize = 32;
    private const int SearchSize = 256 * 1024;
    private const int PathsSize = 4096;
    private const int ContainerSize = 16;
    private const ulong FirstFreeObject = 256;
    private const ulong LastFreeObject = ulong.MaxValue - 255;
    private const uint InodeItem = 1;

    /// <summary>
    /// Numbers of inodes whose content, attributes or, of directories, names have changed since. What has gone is not among them, but the
    /// directory is in which it was. What is not committed yet may be missing: <see cref="FileSystems.Sync"/> first.
    /// </summary>
    /// <param name="subvolume">Anything in it.</param>
    /// <param name="since">A transaction; what changed in it is not told.</param>
    /// <param name="most">Of more, nothing is told.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null: there are more than that.</returns>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IReadOnlyList<ulong>? Inodes(SafeFileHandle subvolume, ulong since, int most, CancellationToken cancellationToken)
    {
        List<ulong> inodes = [];
        byte[] arguments = new byte[KeySize + sizeof(ulong) + SearchSize];
        (ulong Object, uint Type, ulong Offset)? from = (FirstFreeObject, 0, 0);
        while (from is { } at)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Ask(arguments, at, since + 1);
            if (Ioctl(subvolume, TreeSearch, arguments) != 0)
            {
                throw KernelException.Last("search the tree of subvolume", subvolume, default);
            }

            from = Take(arguments, since, inodes);
            if (inodes.Count > most)
            {
                return null;
            }
        }

        return inodes;
    }

    /// <summary>All names of an inode, from the subvolume's root on, without a slash at the beginning.</summary>
    /// <param name="subvolume">Anything in it.</param>
    /// <param name="inode">Its number.</param>
    /// <returns>Empty: it has gone. Null: it has more names than the kernel tells at once.</returns>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static unsafe IReadOnlyList<KernelPath>? Paths(SafeFileHandle subvolume, ulong inode)
    {
        byte[] container = new byte[PathsSize];
        fixed (byte* place = container)
        {
            // struct btrfs_ioctl_ino_path_args: inode, size, 4 reserved words, where struct btrfs_data_container is to go.
            Span<byte> arguments = stackalloc byte[56];
            arguments.Clear();
            BinaryPrimitives.WriteUInt64LittleEndian(arguments, inode);
            BinaryPrimitives.WriteUInt64LittleEndian(arguments[8..], PathsSize);
            BinaryPrimitives.WriteUInt64LittleEndian(arguments[48..], (ulong)place);
            if (Ioctl(subvolume, InodePaths, arguments) != 0)
            {
                return (Errno)Marshal.GetLastPInvokeError() == Errno.ENOENT ? [] : throw KernelException.Last("find the names of an inode of subvolume", subvolume, default);
            }
        }

        return ParsePaths(container);
    }

    /// <summary>Reads struct btrfs_data_container: bytes left, bytes missing, elements, elements missed, and places of texts behind that.</summary>
    internal static IReadOnlyList<KernelPath>? ParsePaths(ReadOnlySpan<byte> container)
    {
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(container[8..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(container[12..]) != 0)
        {
            return null;
        }

        ReadOnlySpan<byte> values = container[ContainerSize..];
        List<KernelPath> paths = [];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> text = values[checked((int)BinaryPrimitives.ReadUInt64LittleEndian(values[(i * sizeof(ulong))..]))..];
            paths.Add(KernelPath.FromBytes(text[..text.IndexOf((byte)0)]));
        }

        return paths;
    }

    // struct btrfs_ioctl_search_key: tree (0: of this file), objects from and to, offsets, transactions, types, most items; then the size of what follows.
    private static void Ask(Span<byte> arguments, (ulong Object, uint Type, ulong Offset) from, ulong oldest)
    {
        arguments[..KeySize].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[8..], from.Object);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[16..], LastFreeObject);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[24..], from.Offset);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[32..], ulong.MaxValue);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[40..], oldest);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[48..], ulong.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(arguments[56..], from.Type);
        BinaryPrimitives.WriteUInt32LittleEndian(arguments[60..], byte.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(arguments[64..], uint.MaxValue);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[KeySize..], SearchSize);
    }

    // A block that has changed is told whole, with items that have not. Gives where to go on; null at the end.
    private static (ulong Object, uint Type, ulong Offset)? Take(ReadOnlySpan<byte> arguments, ulong since, List<ulong> inodes)
    {
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(arguments[64..]);
        ReadOnlySpan<byte> items = arguments[(KeySize + sizeof(ulong))..];
        (ulong Object, ulong Offset, uint Type) last = default;
        for (uint i = 0; i < count; i++)
        {
            // struct btrfs_ioctl_search_header: transaction of the block, object, offset, type, length; struct btrfs_inode_item has the inode's own second.
            last = (
                BinaryPrimitives.ReadUInt64LittleEndian(items[8..]), BinaryPrimitives.ReadUInt64LittleEndian(items[16..]),
                BinaryPrimitives.ReadUInt32LittleEndian(items[24..]));
            int length = checked((int)BinaryPrimitives.ReadUInt32LittleEndian(items[28..]));
            if (last.Type == InodeItem && BinaryPrimitives.ReadUInt64LittleEndian(items[(HeaderSize + 8)..]) > since)
            {
                inodes.Add(last.Object);
            }

            items = items[(HeaderSize + length)..];
        }

        if (count == 0)
        {
            return null;
        }

        return last.Offset < ulong.MaxValue ? (last.Object, last.Type, last.Offset + 1)
            : last.Type < byte.MaxValue ? (last.Object, last.Type + 1, 0UL)
            : (last.Object + 1, 0U, 0UL);
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, Span<byte> argument);
}
