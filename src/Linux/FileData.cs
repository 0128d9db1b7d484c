using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>Copying the data of regular files inside the kernel.</summary>
public static partial class FileData
{
    private const nuint FiClone = 0x40049409;
    private const int SeekData = 3;
    private const int SeekHole = 4;

    /// <summary>
    /// FICLONE: the target shares the source's blocks until one of them changes. False where the filesystem cannot
    /// (EOPNOTSUPP, EXDEV, EINVAL, ENOTTY).
    /// </summary>
    /// <exception cref="KernelException">Any other refusal, such as a full disk.</exception>
    public static bool TryClone(SafeFileHandle source, SafeFileHandle target)
    {
        if (IoctlDescriptor(target, FiClone, source) == 0)
        {
            return true;
        }

        return (Errno)Marshal.GetLastPInvokeError() is Errno.EOPNOTSUPP or Errno.EXDEV or Errno.EINVAL or Errno.ENOTTY
            ? false
            : throw KernelException.Last("clone into", target, default);
    }

    /// <summary>Copies the data and leaves the holes: copy_file_range(2) over what SEEK_DATA finds.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void CopySparse(SafeFileHandle source, SafeFileHandle target, CancellationToken cancellationToken)
    {
        if (!TryCopySparse(source, target, cancellationToken))
        {
            throw new KernelException("copy data into", Descriptors.Describe(target, default), Errno.EXDEV);
        }
    }

    /// <summary>
    /// As <see cref="CopySparse"/>; false, with the size set and no data copied, where the kernel does not copy between the two
    /// filesystems (EXDEV, EOPNOTSUPP, EINVAL): before Linux 5.19 it does, later only for some.
    /// </summary>
    /// <exception cref="KernelException">Any other refusal.</exception>
    public static bool TryCopySparse(SafeFileHandle source, SafeFileHandle target, CancellationToken cancellationToken)
    {
        if (FTruncate(target, Files.Stat(source).Size) != 0)
        {
            throw KernelException.Last("set the size of", target, default);
        }

        long position = 0;
        bool isBegun = false;
        while ((position = LSeek(source, position, SeekData)) >= 0)
        {
            long end = LSeek(source, position, SeekHole);
            while (position < end)
            {
                cancellationToken.ThrowIfCancellationRequested();
                long from = position;
                long to = position;
                // In pieces, so that a cancelled copy of a huge file ends soon.
                nint copied = CopyFileRange(source, ref from, target, ref to, (nuint)Math.Min(end - position, 64 << 20), 0);
                if (copied < 0 && !isBegun && (Errno)Marshal.GetLastPInvokeError() is Errno.EXDEV or Errno.EOPNOTSUPP or Errno.EINVAL)
                {
                    return false;
                }

                if (copied < 0)
                {
                    throw KernelException.Last("copy data into", target, default);
                }

                if (copied == 0)
                {
                    return true; // the source was cut while we read it
                }

                isBegun = true;
                position += copied;
            }
        }

        if ((Errno)Marshal.GetLastPInvokeError() != Errno.ENXIO)
        {
            throw KernelException.Last("find data in", source, default);
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoctlDescriptor(SafeFileHandle file, nuint request, SafeFileHandle argument);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int FTruncate(SafeFileHandle file, long size);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long LSeek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "copy_file_range", SetLastError = true)]
    private static partial nint CopyFileRange(
        SafeFileHandle source, ref long from, SafeFileHandle target, ref long to, nuint length, uint flags);
}
