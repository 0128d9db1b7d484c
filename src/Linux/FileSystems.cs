using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>What statfs(2) tells about a filesystem.</summary>
/// <param name="Magic">The type's number; see <see cref="FileSystems"/>.</param>
/// <param name="TotalBytes">Its size.</param>
/// <param name="AvailableBytes">What unprivileged writers may still use.</param>
/// <param name="TotalFiles">How many files it has room for; 0 where there is no such limit, as on btrfs.</param>
/// <param name="FreeFiles">How many of them can still be made.</param>
public readonly record struct FileSystemStatus(long Magic, long TotalBytes, long AvailableBytes, long TotalFiles = 0, long FreeFiles = 0);

/// <summary>Calls on whole filesystems.</summary>
public static partial class FileSystems
{
    /// <summary>BTRFS_SUPER_MAGIC.</summary>
    public const long Btrfs = 0x9123683E;

    /// <summary>XFS_SUPER_MAGIC.</summary>
    public const long Xfs = 0x58465342;

    /// <summary>EXT4_SUPER_MAGIC, also of ext2 and ext3.</summary>
    public const long Ext4 = 0xEF53;

    /// <summary>OVERLAYFS_SUPER_MAGIC.</summary>
    public const long Overlay = 0x794C7630;

    /// <summary>TMPFS_MAGIC.</summary>
    public const long Tmpfs = 0x01021994;

    /// <summary>NSFS_MAGIC: the files of namespaces.</summary>
    public const long NetworkNamespaces = 0x6E736673;

    /// <summary>statfs(2) of an absolute path.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileSystemStatus Stat(KernelPath path)
    {
        using SafeFileHandle file = Files.Open(path, OpenFlags.PathOnly);
        return Stat(file);
    }

    /// <summary>fstatfs(2).</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileSystemStatus Stat(SafeFileHandle file) =>
        FStatFs(file, out StatFsBuffer s) != 0
            ? throw KernelException.Last("stat the filesystem of", file, default)
            : new FileSystemStatus(s.Type, s.Blocks * s.BlockSize, s.Available * s.BlockSize, s.Files, s.FreeFiles);

    /// <summary>syncfs(2): everything written to that filesystem so far is on the disk when this returns.</summary>
    /// <exception cref="KernelException">The kernel refused; since Linux 5.8 also when a write-back failed.</exception>
    public static void Sync(SafeFileHandle file)
    {
        if (SyncFs(file) != 0)
        {
            throw KernelException.Last("sync the filesystem of", file, default);
        }
    }

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    private static partial int FStatFs(SafeFileHandle file, out StatFsBuffer buffer);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFs(SafeFileHandle file);

    // struct statfs on 64-bit machines: 120 bytes.
    [StructLayout(LayoutKind.Sequential, Size = 120)]
    private struct StatFsBuffer
    {
        public long Type;
        public long BlockSize;
        public long Blocks;
        public long Free;
        public long Available;
        public long Files;
        public long FreeFiles;
    }
}
