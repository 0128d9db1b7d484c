using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// The project that a file's blocks are charged to: FS_IOC_FSGETXATTR and FS_IOC_FSSETXATTR with struct fsxattr of
/// include/uapi/linux/fs.h, as XFS and ext4 (feature <c>project</c>) have it. 0 is no project.
/// </summary>
public static partial class FileProject
{
    private const nuint GetRequest = 0x801C581F;
    private const nuint SetRequest = 0x401C5820;
    private const uint Inherit = 0x200; // FS_XFLAG_PROJINHERIT
    private const int Size = 28;
    private const int ProjectAt = 12;

    /// <summary>The project of an open file or directory; 0: none, or the filesystem has no such thing.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static uint Of(SafeFileHandle file)
    {
        Span<byte> attributes = stackalloc byte[Size];
        return TryRead(file, attributes) ? BinaryPrimitives.ReadUInt32LittleEndian(attributes[ProjectAt..]) : 0;
    }

    /// <summary>
    /// Makes a directory part of a project, and all that is made in it from now on, at any depth. What is in it already stays where it was. A
    /// file of another project can then be neither moved nor linked into it (EXDEV).
    /// </summary>
    /// <returns>False: the filesystem has no projects.</returns>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bool TrySet(SafeFileHandle directory, uint project)
    {
        Span<byte> attributes = stackalloc byte[Size];
        if (!TryRead(directory, attributes))
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(attributes, BinaryPrimitives.ReadUInt32LittleEndian(attributes) | Inherit);
        BinaryPrimitives.WriteUInt32LittleEndian(attributes[ProjectAt..], project);

        // EINVAL: an XFS of before 2012 with 16 bits for projects. EOPNOTSUPP: an ext4 without the feature.
        return Ioctl(directory, SetRequest, attributes) == 0
            || ((Errno)Marshal.GetLastPInvokeError() is Errno.EINVAL or Errno.EOPNOTSUPP or Errno.ENOTTY
                ? false
                : throw KernelException.Last($"put into project {project}", directory, default));
    }

    private static bool TryRead(SafeFileHandle file, Span<byte> attributes)
    {
        attributes.Clear();
        return Ioctl(file, GetRequest, attributes) == 0
            || ((Errno)Marshal.GetLastPInvokeError() is Errno.ENOTTY or Errno.EOPNOTSUPP
                ? false
                : throw KernelException.Last("read the project of", file, default));
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, Span<byte> argument);
}
