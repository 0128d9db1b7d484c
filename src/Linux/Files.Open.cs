using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// The file calls with a directory descriptor and raw names. Nothing here follows a symbolic link in the last part
/// unless its name says so.
/// </summary>
public static partial class Files
{
    /// <summary>Opens an absolute path, following links: for paths of the host's own.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static SafeFileHandle Open(KernelPath path, OpenFlags flags, int mode = 0) =>
        Open(Descriptors.WorkingDirectory, path, flags, mode);

    /// <summary>openat(2).</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static SafeFileHandle Open(SafeFileHandle directory, KernelPath path, OpenFlags flags, int mode = 0)
    {
        int descriptor = OpenAt(directory, path.Terminated, NativeOpenFlags.Of(flags), (uint)mode);
        return descriptor < 0 ? throw KernelException.Last("open", directory, path) : Descriptors.Own(descriptor);
    }

    /// <summary>openat2(2), Linux 5.6: the way to open anything below a tree that somebody else writes to.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static SafeFileHandle Open(
        SafeFileHandle directory, KernelPath path, OpenFlags flags, ResolveFlags resolve, int mode = 0)
    {
        SafeFileHandle? file = TryOpen(directory, path, flags, resolve, out Errno errno, mode);
        return file ?? throw new KernelException("open", Descriptors.Describe(directory, path), errno);
    }

    /// <summary>As <see cref="Open(SafeFileHandle, KernelPath, OpenFlags, ResolveFlags, int)"/>, with the error as a value.</summary>
    public static unsafe SafeFileHandle? TryOpen(
        SafeFileHandle directory, KernelPath path, OpenFlags flags, ResolveFlags resolve, out Errno errno, int mode = 0)
    {
        // struct open_how: flags, mode, resolve.
        ulong* how = stackalloc ulong[3];
        how[0] = (uint)NativeOpenFlags.Of(flags);
        how[1] = (uint)mode;
        how[2] = (uint)resolve;

        fixed (byte* name = path.Terminated)
        {
            nint descriptor;
            do
            {
                // EAGAIN: with InRoot or Beneath, a rename somewhere raced with the walk; openat2(2) says to try again.
                descriptor = Syscall.Invoke(SyscallNumber.OpenAt2, directory, (nint)name, (nint)how, 3 * sizeof(ulong));
                errno = descriptor < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
            }
            while (errno == Errno.EAGAIN && resolve != ResolveFlags.None && !flags.HasFlag(OpenFlags.NonBlocking));

            return descriptor < 0 ? null : Descriptors.Own(descriptor);
        }
    }

    /// <summary>Opens again what a <see cref="OpenFlags.PathOnly"/> handle names, once its type was seen to be harmless.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static SafeFileHandle Reopen(SafeFileHandle file, OpenFlags flags) => Open(Descriptors.PathOf(file), flags);

    /// <summary>The absolute path without links, as mountinfo shows it.</summary>
    /// <exception cref="KernelException">There is nothing at the path.</exception>
    public static string RealPath(KernelPath path)
    {
        using SafeFileHandle file = Open(path, OpenFlags.PathOnly);
        return ReadLink(Descriptors.WorkingDirectory, Descriptors.PathOf(file)).ToString();
    }

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    private static partial int OpenAt(SafeFileHandle directory, ReadOnlySpan<byte> path, int flags, uint mode);
}
