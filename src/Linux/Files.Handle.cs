using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

public static partial class Files
{
    private const int MaxHandleBytes = 128; // MAX_HANDLE_SZ

    /// <summary>
    /// name_to_handle_at(2): by which the filesystem finds the inode again, also when it has another name. First the handle's type as
    /// four bytes, then the handle. Null where the filesystem has no such handles.
    /// </summary>
    /// <param name="file">Any handle, also <see cref="OpenFlags.PathOnly"/>.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static unsafe byte[]? TryGetHandle(SafeFileHandle file)
    {
        // struct file_handle: u32 handle_bytes, s32 handle_type, the handle.
        byte* buffer = stackalloc byte[8 + MaxHandleBytes];
        *(uint*)buffer = MaxHandleBytes;
        if (NameToHandleAt(file, "\0"u8, buffer, out _, EmptyPath) != 0)
        {
            var errno = (Errno)Marshal.GetLastPInvokeError();
            return errno is Errno.EOPNOTSUPP or Errno.EOVERFLOW ? null : throw new KernelException("find the handle of", Descriptors.Describe(file, default), errno);
        }

        return new ReadOnlySpan<byte>(buffer + 4, 4 + (int)*(uint*)buffer).ToArray();
    }

    [LibraryImport("libc", EntryPoint = "name_to_handle_at", SetLastError = true)]
    private static unsafe partial int NameToHandleAt(SafeFileHandle directory, ReadOnlySpan<byte> path, byte* handle, out int mount, int flags);
}
