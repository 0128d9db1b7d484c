using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>Extended attributes of a name below an open directory, symbolic links included: xattr(7).</summary>
/// <remarks>
/// There is no *at form of these calls before Linux 6.13, so the path goes through /proc/self/fd; its last part is
/// not followed.
/// </remarks>
public static partial class ExtendedAttributes
{
    /// <summary>The names, such as <c>user.note</c> or <c>trusted.overlay.opaque</c>; empty where there is no support.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IReadOnlyList<string> List(SafeFileHandle directory, KernelPath name)
    {
        KernelPath path = Descriptors.PathOf(directory, name);
        byte[] buffer = [];
        while (true)
        {
            // The list may grow between the two calls: ERANGE means to ask for the size again.
            nint size = LListXattr(path.Terminated, buffer, (nuint)buffer.Length);
            var errno = (Errno)Marshal.GetLastPInvokeError();
            if (size < 0 && errno == Errno.EOPNOTSUPP)
            {
                return [];
            }

            if (size < 0 && errno != Errno.ERANGE)
            {
                throw KernelException.Last("list attributes of", directory, name);
            }

            if (size >= 0 && size <= buffer.Length)
            {
                return Encoding.UTF8.GetString(buffer, 0, (int)size).Split('\0', StringSplitOptions.RemoveEmptyEntries);
            }

            buffer = size < 0 ? [] : new byte[size];
        }
    }

    /// <summary>The value, or null if the attribute is not set.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static byte[]? Get(SafeFileHandle directory, KernelPath name, string attribute)
    {
        KernelPath path = Descriptors.PathOf(directory, name);
        byte[] buffer = new byte[256];
        while (true)
        {
            nint size = LGetXattr(path.Terminated, attribute, buffer, (nuint)buffer.Length);
            if (size >= 0)
            {
                return buffer[..(int)size];
            }

            switch ((Errno)Marshal.GetLastPInvokeError())
            {
                case Errno.ENODATA or Errno.EOPNOTSUPP:
                    return null;
                case Errno.ERANGE when buffer.Length < 65536:
                    buffer = new byte[65536]; // XATTR_SIZE_MAX
                    break;
                case Errno errno:
                    throw new KernelException($"read attribute {attribute} of", Descriptors.Describe(directory, name), errno);
            }
        }
    }

    /// <summary>Sets or replaces a value.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Set(SafeFileHandle directory, KernelPath name, string attribute, ReadOnlySpan<byte> value)
    {
        if (LSetXattr(Descriptors.PathOf(directory, name).Terminated, attribute, value, (nuint)value.Length, 0) != 0)
        {
            throw KernelException.Last($"set attribute {attribute} of", directory, name);
        }
    }

    /// <summary>Takes an attribute off.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Remove(SafeFileHandle directory, KernelPath name, string attribute)
    {
        if (LRemoveXattr(Descriptors.PathOf(directory, name).Terminated, attribute) != 0)
        {
            throw KernelException.Last($"remove attribute {attribute} of", directory, name);
        }
    }

    [LibraryImport("libc", EntryPoint = "llistxattr", SetLastError = true)]
    private static partial nint LListXattr(ReadOnlySpan<byte> path, Span<byte> list, nuint size);

    [LibraryImport("libc", EntryPoint = "lgetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint LGetXattr(ReadOnlySpan<byte> path, string name, Span<byte> value, nuint size);

    [LibraryImport("libc", EntryPoint = "lsetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LSetXattr(ReadOnlySpan<byte> path, string name, ReadOnlySpan<byte> value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "lremovexattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LRemoveXattr(ReadOnlySpan<byte> path, string name);
}
