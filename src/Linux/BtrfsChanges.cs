using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// The files of a btrfs subvolume that have changed since a transaction, found without walking it: the kernel skips blocks of the tree
/// that are older. Needs CAP_SYS_ADMIN.
/// </summary>
public static class BtrfsChanges
{
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
    public static IReadOnlyList<ulong>? Inodes(SafeFileHandle subvolume, ulong since, int most, CancellationToken cancellationToken) =>
        Inodes(subvolume, since, most, BtrfsTree.UsualBuffer, cancellationToken);

    internal static IReadOnlyList<ulong>? Inodes(SafeFileHandle subvolume, ulong since, int most, int bufferSize, CancellationToken cancellationToken)
    {
        List<ulong> inodes = [];
        BtrfsItems changed = new(new BtrfsKey(FirstFreeObject, 0, 0), new BtrfsKey(LastFreeObject, byte.MaxValue, ulong.MaxValue), Oldest: since + 1);
        BtrfsTree.Search(
            subvolume,
            changed,
            (in BtrfsItem item) =>
            {
                // A block that has changed is told whole, with items that have not; struct btrfs_inode_item has the inode's own transaction second.
                if (item.Key.Type == InodeItem && BinaryPrimitives.ReadUInt64LittleEndian(item.Data[8..]) > since)
                {
                    inodes.Add(item.Key.Object);
                }

                return inodes.Count <= most;
            },
            bufferSize,
            cancellationToken);
        return inodes.Count <= most ? inodes : null;
    }
}
