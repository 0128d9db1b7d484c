using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// Items of a btrfs tree in the order of their keys (BTRFS_IOC_TREE_SEARCH_V2, Linux 3.16; include/uapi/linux/btrfs.h and btrfs_tree.h).
/// Needs CAP_SYS_ADMIN.
/// </summary>
internal static partial class BtrfsTree
{
    /// <summary>The tree of devices; <see cref="BtrfsItems.Tree"/> takes it.</summary>
    public const ulong Devices = 4;

    /// <summary>Enough for some thousand items; no item is larger than a node of the tree, at most 64 KiB.</summary>
    public const int UsualBuffer = 256 * 1024;

    private const nuint SearchRequest = 0xC0709411;
    private const int KeySize = 104;
    private const int HeaderSize = 32;

    /// <summary>Takes an item; it holds for the call alone.</summary>
    /// <returns>False: no more are wanted.</returns>
    public delegate bool Visitor(in BtrfsItem item);

    /// <summary>Shows all items of a range to a visitor. A block of the tree is told whole: what is outside the range never, what is older may be.</summary>
    /// <param name="anywhere">Anything in the filesystem; for its own tree, in the subvolume.</param>
    /// <param name="range">Which.</param>
    /// <param name="visitor">Takes them.</param>
    /// <param name="bufferSize">Bytes that the kernel fills at once; an item that is larger fails with EOVERFLOW.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Search(SafeFileHandle anywhere, BtrfsItems range, Visitor visitor, int bufferSize, CancellationToken cancellationToken)
    {
        byte[] arguments = new byte[KeySize + sizeof(ulong) + bufferSize];
        BtrfsKey? from = range.First;
        while (from is BtrfsKey at && at.CompareTo(range.Last) <= 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Ask(arguments, at, range, bufferSize);
            if (Ioctl(anywhere, SearchRequest, arguments) != 0)
            {
                throw KernelException.Last("search the tree of subvolume", anywhere, default);
            }

            from = Take(arguments, visitor);
        }
    }

    // struct btrfs_ioctl_search_key: tree, objects from and to, offsets, transactions, types, most items; then the size of what follows.
    private static void Ask(Span<byte> arguments, BtrfsKey from, BtrfsItems range, int bufferSize)
    {
        arguments[..KeySize].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(arguments, range.Tree);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[8..], from.Object);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[16..], range.Last.Object);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[24..], from.Offset);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[32..], range.Last.Offset);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[40..], range.Oldest);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[48..], ulong.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(arguments[56..], from.Type);
        BinaryPrimitives.WriteUInt32LittleEndian(arguments[60..], range.Last.Type);
        BinaryPrimitives.WriteUInt32LittleEndian(arguments[64..], uint.MaxValue);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[KeySize..], (ulong)bufferSize);
    }

    // Gives where to go on; null at the end.
    private static BtrfsKey? Take(ReadOnlySpan<byte> arguments, Visitor visitor)
    {
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(arguments[64..]);
        ReadOnlySpan<byte> items = arguments[(KeySize + sizeof(ulong))..];
        BtrfsKey? last = null;
        for (uint i = 0; i < count; i++)
        {
            // struct btrfs_ioctl_search_header: transaction of the block, object, offset, type, length.
            BtrfsKey key = new(
                BinaryPrimitives.ReadUInt64LittleEndian(items[8..]), BinaryPrimitives.ReadUInt32LittleEndian(items[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(items[16..]));
            int length = checked((int)BinaryPrimitives.ReadUInt32LittleEndian(items[28..]));
            if (!visitor(new BtrfsItem(key, items.Slice(HeaderSize, length))))
            {
                return null;
            }

            last = key;
            items = items[(HeaderSize + length)..];
        }

        return last?.Next();
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, Span<byte> argument);
}
