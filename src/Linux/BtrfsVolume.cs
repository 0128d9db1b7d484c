using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>The btrfs ioctls for subvolumes (include/uapi/linux/btrfs.h). All need CAP_SYS_ADMIN or the owner's rights.</summary>
public static partial class BtrfsVolume
{
    private const nuint SnapCreateV2 = 0x50009417;
    private const nuint SubvolCreateV2 = 0x50009418;
    private const nuint SnapDestroyV2 = 0x5000943F;
    private const nuint SubvolGetFlags = 0x80089419;
    private const nuint SubvolSetFlags = 0x4008941A;
    private const nuint SyncRequest = 0x9408;
    private const nuint ResizeRequest = 0x50009403;
    private const nuint FileSystemInfoRequest = 0x8400941F;
    private const ulong ReadOnlyFlag = 2;
    private const ulong FirstFreeObject = 256;
    private const int VolumeArgumentsSize = 4096;
    private const int MaxNameLength = 255;

    /// <summary>Whether this directory is a subvolume's root: on btrfs those, and only those, have inode 256.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bool IsSubvolume(SafeFileHandle directory) =>
        FileSystems.Stat(directory).Magic == FileSystems.Btrfs
        && Files.Stat(directory) is { Inode: FirstFreeObject, Type: FileType.Directory };

    /// <summary>Makes an empty subvolume.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Create(SafeFileHandle parent, string name)
    {
        if (Ioctl(parent, SubvolCreateV2, Arguments(name, 0, 0)) != 0)
        {
            throw KernelException.Last("make subvolume", parent, name);
        }
    }

    /// <summary>
    /// Makes a snapshot of a subvolume: a new subvolume that shares everything. It holds what was written before
    /// this call; it waits for the source's dirty data to reach the disk.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Snapshot(SafeFileHandle source, SafeFileHandle parent, string name, bool readOnly)
    {
        ulong flags = readOnly ? ReadOnlyFlag : 0;
        if (Ioctl(parent, SnapCreateV2, Arguments(name, Descriptors.Number(source), flags)) != 0)
        {
            throw KernelException.Last("make snapshot", parent, name);
        }

        GC.KeepAlive(source);
    }

    /// <summary>Deletes a subvolume with all it holds; the blocks are freed by the kernel in the background.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Delete(SafeFileHandle parent, string name)
    {
        if (Ioctl(parent, SnapDestroyV2, Arguments(name, 0, 0)) != 0)
        {
            throw KernelException.Last("delete subvolume", parent, name);
        }
    }

    /// <summary>Whether a subvolume is read-only.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bool IsReadOnly(SafeFileHandle subvolume) => (Flags(subvolume) & ReadOnlyFlag) != 0;

    /// <summary>Makes a subvolume read-only or writable.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void SetReadOnly(SafeFileHandle subvolume, bool readOnly)
    {
        Span<byte> flags = stackalloc byte[sizeof(ulong)];
        ulong others = Flags(subvolume) & ~ReadOnlyFlag;
        BinaryPrimitives.WriteUInt64LittleEndian(flags, others | (readOnly ? ReadOnlyFlag : 0));
        if (Ioctl(subvolume, SubvolSetFlags, flags) != 0)
        {
            throw KernelException.Last("set the flags of subvolume", subvolume, default);
        }
    }

    /// <summary>Commits the running transaction and waits (BTRFS_IOC_SYNC).</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Sync(SafeFileHandle anywhere)
    {
        if (Ioctl(anywhere, SyncRequest, default) != 0)
        {
            throw KernelException.Last("sync btrfs at", anywhere, default);
        }
    }

    /// <summary>Grows the filesystem to the size of its (only) device.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void GrowToDevice(SafeFileHandle anywhere)
    {
        // struct btrfs_ioctl_vol_args: s64 fd, name.
        byte[] arguments = new byte[VolumeArgumentsSize];
        "1:max"u8.CopyTo(arguments.AsSpan(8));
        if (Ioctl(anywhere, ResizeRequest, arguments) != 0)
        {
            throw KernelException.Last("grow btrfs at", anywhere, default);
        }
    }

    // struct btrfs_ioctl_vol_args_v2: s64 fd, u64 transid, u64 flags, 4 unused words, name.
    private static byte[] Arguments(string name, int source, ulong flags)
    {
        byte[] text = Encoding.UTF8.GetBytes(name);
        if (text.Length is 0 or > MaxNameLength || text.AsSpan().ContainsAny((byte)0, (byte)'/'))
        {
            throw new ArgumentException($"not a subvolume name: '{name}'", nameof(name));
        }

        byte[] arguments = new byte[VolumeArgumentsSize];
        BinaryPrimitives.WriteInt64LittleEndian(arguments, source);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments.AsSpan(16), flags);
        text.CopyTo(arguments, 56);
        return arguments;
    }

    private static ulong Flags(SafeFileHandle subvolume)
    {
        Span<byte> flags = stackalloc byte[sizeof(ulong)];
        return Ioctl(subvolume, SubvolGetFlags, flags) == 0
            ? BinaryPrimitives.ReadUInt64LittleEndian(flags)
            : throw KernelException.Last("read the flags of subvolume", subvolume, default);
    }

    /// <summary>A path among the kernel's files on the filesystem: <c>/sys/fs/btrfs/UUID/NAME</c> (fs/btrfs/sysfs.c).</summary>
    /// <exception cref="KernelException">It is no btrfs.</exception>
    internal static string KernelFiles(SafeFileHandle anywhere, string name)
    {
        // struct btrfs_ioctl_fs_info_args: highest device, number of devices, the filesystem's UUID, ...
        byte[] arguments = new byte[1024];
        return Ioctl(anywhere, FileSystemInfoRequest, arguments) == 0
            ? $"/sys/fs/btrfs/{new Guid(arguments.AsSpan(16, 16), bigEndian: true)}/{name}"
            : throw KernelException.Last("read the UUID of the btrfs at", anywhere, default);
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, Span<byte> argument);
}
