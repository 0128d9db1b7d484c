using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>The names of an inode of a btrfs subvolume. Needs CAP_SYS_ADMIN.</summary>
public static partial class BtrfsNames
{
    private const nuint InodePaths = 0xC0389423;
    private const int PathsSize = 4096;
    private const int ContainerSize = 16;
    private const ulong RootDirectory = 256;
    private const uint InodeReference = 12;
    private const uint ExtendedReference = 13;

    /// <summary>All of them, from the subvolume's root on, without a slash at the beginning.</summary>
    /// <param name="subvolume">Anything in it.</param>
    /// <param name="inode">Its number.</param>
    /// <param name="most">Of more, nothing is told.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Empty: it has gone. Null: there are more than that, or one is longer than the kernel tells, some 4,000 bytes.</returns>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IReadOnlyList<KernelPath>? Of(SafeFileHandle subvolume, ulong inode, int most, CancellationToken cancellationToken) =>
        AtOnce(subvolume, inode) is IReadOnlyList<KernelPath> paths
            ? paths.Count <= most ? paths : null
            : Searched(subvolume, inode, most, BtrfsTree.UsualBuffer, cancellationToken);

    /// <summary>As <see cref="Of"/>, from the items of the tree, one for each directory and more where many names are in one.</summary>
    internal static IReadOnlyList<KernelPath>? Searched(
        SafeFileHandle subvolume, ulong inode, int most, int bufferSize, CancellationToken cancellationToken)
    {
        List<(ulong Directory, KernelPath Name)> names = [];
        BtrfsTree.Search(
            subvolume,
            new BtrfsItems(new BtrfsKey(inode, InodeReference, 0), new BtrfsKey(inode, ExtendedReference, ulong.MaxValue)),
            (in BtrfsItem item) =>
            {
                names.AddRange(item.Key.Type == InodeReference ? Parse(item.Key.Offset, item.Data) : ParseExtended(item.Data));
                return names.Count <= most;
            },
            bufferSize,
            cancellationToken);
        return names.Count <= most ? Join(subvolume, names, cancellationToken) : null;
    }

    /// <summary>Reads struct btrfs_data_container: bytes left, bytes missing, elements, elements missed, and places of texts behind that.</summary>
    /// <returns>Null: some were missed.</returns>
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

    /// <summary>Reads entries of struct btrfs_inode_ref: index, length of the name, the name. The directory is in the item's key.</summary>
    internal static List<(ulong Directory, KernelPath Name)> Parse(ulong directory, ReadOnlySpan<byte> data)
    {
        List<(ulong, KernelPath)> names = [];
        while (!data.IsEmpty)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(data[8..]);
            names.Add((directory, KernelPath.FromBytes(data.Slice(10, length))));
            data = data[(10 + length)..];
        }

        return names;
    }

    /// <summary>Reads entries of struct btrfs_inode_extref: directory, index, length of the name, the name.</summary>
    internal static List<(ulong Directory, KernelPath Name)> ParseExtended(ReadOnlySpan<byte> data)
    {
        List<(ulong, KernelPath)> names = [];
        while (!data.IsEmpty)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(data[16..]);
            names.Add((BinaryPrimitives.ReadUInt64LittleEndian(data), KernelPath.FromBytes(data.Slice(18, length))));
            data = data[(18 + length)..];
        }

        return names;
    }

    // A directory has one name. One that has gone meanwhile has taken its names along.
    private static List<KernelPath>? Join(SafeFileHandle subvolume, List<(ulong Directory, KernelPath Name)> names, CancellationToken cancellationToken)
    {
        List<KernelPath> paths = [];
        Dictionary<ulong, IReadOnlyList<KernelPath>> directories = new() { [RootDirectory] = [default] };
        foreach ((ulong directory, KernelPath name) in names)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!directories.TryGetValue(directory, out IReadOnlyList<KernelPath>? places))
            {
                if (AtOnce(subvolume, directory) is not { } found)
                {
                    return null;
                }

                directories[directory] = places = found;
            }

            paths.AddRange(places.Select(place => place.Join(name)));
        }

        return paths;
    }

    // BTRFS_IOC_INO_PATHS gives no more than fits into one page, whatever it is offered (fs/btrfs/ioctl.c).
    private static unsafe IReadOnlyList<KernelPath>? AtOnce(SafeFileHandle subvolume, ulong inode)
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

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, Span<byte> argument);
}
