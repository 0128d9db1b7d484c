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
    /// <summary>XATTR_SIZE_MAX.</summary>
    private const int MaxValue = 65_536;

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
                case Errno.ERANGE when buffer.Length < MaxValue:
                    buffer = new byte[MaxValue];
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

    /// <summary>Copies the attributes of an open file or handle to another one, but for those that the caller leaves out.</summary>
    /// <param name="from">Any handle, also <see cref="OpenFlags.PathOnly"/>; no symbolic link.</param>
    /// <param name="to">Likewise.</param>
    /// <param name="isWanted">Whether an attribute is copied.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Copy(SafeFileHandle from, SafeFileHandle to, Func<string, bool> isWanted)
    {
        // The calls without the l: what /proc/self/fd shows is a link to the file.
        foreach (string attribute in ListOpen(from).Where(isWanted))
        {
            if (GetOpen(from, attribute) is byte[] value
                && SetXattr(KernelPath.FromString(Descriptors.PathOf(to)).Terminated, attribute, value, (nuint)value.Length, 0) != 0)
            {
                throw KernelException.Last($"set attribute {attribute} of", to, default);
            }
        }
    }

    /// <summary>The attributes of what a handle names, in the order of their names; empty where there is no support.</summary>
    /// <param name="file">Any handle, also <see cref="OpenFlags.PathOnly"/> and one of a symbolic link.</param>
    /// <param name="isWanted">Whether an attribute is read.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IReadOnlyList<KeyValuePair<string, byte[]>> Read(SafeFileHandle file, Func<string, bool> isWanted)
    {
        // Most files have none, and this asks without a buffer.
        if (ListXattr(KernelPath.FromString(Descriptors.PathOf(file)).Terminated, [], 0) == 0)
        {
            return [];
        }

        List<KeyValuePair<string, byte[]>> found = [];
        foreach (string name in ListOpen(file).Where(isWanted).Order(StringComparer.Ordinal))
        {
            if (GetOpen(file, name) is byte[] value)
            {
                found.Add(new(name, value));
            }
        }

        return found;
    }

    private static string[] ListOpen(SafeFileHandle file)
    {
        byte[] buffer = new byte[MaxValue]; // XATTR_LIST_MAX is the same
        nint size = ListXattr(KernelPath.FromString(Descriptors.PathOf(file)).Terminated, buffer, (nuint)buffer.Length);
        return size >= 0
            ? Encoding.UTF8.GetString(buffer, 0, (int)size).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            : (Errno)Marshal.GetLastPInvokeError() == Errno.EOPNOTSUPP ? [] : throw KernelException.Last("list attributes of", file, default);
    }

    /// <summary>The value of an attribute of what a handle names, or null if it is not set.</summary>
    /// <param name="file">Any handle, also <see cref="OpenFlags.PathOnly"/>; no symbolic link.</param>
    /// <param name="attribute">Its name.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static byte[]? Get(SafeFileHandle file, string attribute)
    {
        Span<byte> buffer = stackalloc byte[512];
        nint size = GetXattr(KernelPath.FromString(Descriptors.PathOf(file)).Terminated, attribute, buffer, (nuint)buffer.Length);
        return size >= 0 ? buffer[..(int)size].ToArray() : GetOpen(file, attribute);
    }

    private static byte[]? GetOpen(SafeFileHandle file, string attribute)
    {
        byte[] buffer = new byte[MaxValue];
        nint size = GetXattr(KernelPath.FromString(Descriptors.PathOf(file)).Terminated, attribute, buffer, (nuint)buffer.Length);
        return size >= 0
            ? buffer[..(int)size]
            : (Errno)Marshal.GetLastPInvokeError() is Errno.ENODATA or Errno.EOPNOTSUPP ? null : throw KernelException.Last($"read attribute {attribute} of", file, default);
    }

    [LibraryImport("libc", EntryPoint = "listxattr", SetLastError = true)]
    private static partial nint ListXattr(ReadOnlySpan<byte> path, Span<byte> list, nuint size);

    [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetXattr(ReadOnlySpan<byte> path, string name, Span<byte> value, nuint size);

    [LibraryImport("libc", EntryPoint = "setxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetXattr(ReadOnlySpan<byte> path, string name, ReadOnlySpan<byte> value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "llistxattr", SetLastError = true)]
    private static partial nint LListXattr(ReadOnlySpan<byte> path, Span<byte> list, nuint size);

    [LibraryImport("libc", EntryPoint = "lgetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint LGetXattr(ReadOnlySpan<byte> path, string name, Span<byte> value, nuint size);

    [LibraryImport("libc", EntryPoint = "lsetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LSetXattr(ReadOnlySpan<byte> path, string name, ReadOnlySpan<byte> value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "lremovexattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LRemoveXattr(ReadOnlySpan<byte> path, string name);
}
