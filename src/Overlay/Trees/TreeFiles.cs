using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>Files of a mounted tree, for the host, through the tree's root descriptor. Safe while hostile processes run in it.</summary>
public static class TreeFiles
{
    private const int ReadBlock = 16 * 1024;

    /// <summary>
    /// Reads a small regular file such as /etc/passwd. Links are followed inside the tree's own filesystem only: not
    /// into /proc, /dev or a live mount. Null if there is no such file.
    /// </summary>
    /// <exception cref="KernelException">The path does not resolve, such as ELOOP, EXDEV, ENOTDIR.</exception>
    /// <exception cref="InvalidDataException">It is no regular file, or longer than <paramref name="maxBytes"/>.</exception>
    public static byte[]? ReadSmallFile(SafeFileHandle root, string path, int maxBytes)
    {
        // First a mere handle: opening a FIFO would wait and opening a device may do anything.
        using SafeFileHandle? handle = Files.TryOpen(
            root,
            path,
            OpenFlags.PathOnly,
            ResolveFlags.InRoot | ResolveFlags.NoMagicLinks | ResolveFlags.NoCrossDevice,
            out Errno errno);
        if (handle is null)
        {
            return errno == Errno.ENOENT ? null : throw new KernelException("open", path, errno);
        }

        FileStatus status = Files.Stat(handle);
        if (status.Type != FileType.Regular)
        {
            throw new InvalidDataException($"'{path}' is no regular file but a {status.Type}");
        }

        using SafeFileHandle file = Files.Reopen(handle, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
        byte[] content = new byte[Math.Min(maxBytes + 1, Math.Max(status.Size + 1, ReadBlock))];
        int length = 0;
        int read;
        while (length < content.Length && (read = RandomAccess.Read(file, content.AsSpan(length), length)) > 0)
        {
            length += read;
        }

        return length <= maxBytes
            ? content[..length]
            : throw new InvalidDataException($"'{path}' is longer than {maxBytes} bytes");
    }

    /// <summary>
    /// Makes a directory with all its parents, such as an image's working directory; what is there already stays as it
    /// is. New ones get mode 0755 and this owner.
    /// </summary>
    /// <exception cref="KernelException">Something else is in the way (ENOTDIR, ELOOP), or the disk is full.</exception>
    /// <exception cref="ArgumentException">Not a plain absolute path.</exception>
    public static void CreateDirectories(SafeFileHandle root, string path, uint userId, uint groupId) =>
        TreePaths.EnsureDirectory(
            root,
            TreePaths.Parts(path),
            replace: false,
            made => Files.SetOwner(made, default, userId, groupId)).Dispose();
}
