using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// A regular file that is only ever added to (O_APPEND): pieces that several processes write at the same time stand one behind the other
/// (open(2), write(2)). Not safe for use by several threads.
/// </summary>
public sealed partial class AppendFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly KernelPath _path;
    private readonly (ulong Device, ulong Inode) _identity;

    private AppendFile(SafeFileHandle file, KernelPath path, FileStatus status) =>
        (_file, _path, _identity, Size) = (file, path, (status.Device, status.Inode), status.Size);

    /// <summary>Bytes in it, as far as this process knows.</summary>
    public long Size { get; private set; }

    /// <summary>Whether it still is what stands at its path: nobody has moved or removed it.</summary>
    public bool IsInPlace =>
        Files.TryStat(Descriptors.WorkingDirectory, _path, out _) is FileStatus now && (now.Device, now.Inode) == _identity;

    /// <summary>Opens a file, or makes an empty one with this mode.</summary>
    /// <exception cref="KernelException">The kernel refused; EINVAL: it is no regular file, ELOOP: it is a symbolic link.</exception>
    public static AppendFile Open(string path, int mode)
    {
        KernelPath name = path;

        // Without NonBlocking a FIFO would wait for its reader.
        SafeFileHandle file = Files.Open(name, OpenFlags.ReadWrite | OpenFlags.Append | OpenFlags.Create | OpenFlags.NoFollow | OpenFlags.NonBlocking, mode);
        try
        {
            FileStatus status = Files.Stat(file);
            return status.Type == FileType.Regular ? new AppendFile(file, name, status) : throw new KernelException("append to", path, Errno.EINVAL);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether the last byte ends a line; true for an empty file.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public bool EndsLine()
    {
        Size = Files.Stat(_file).Size;
        Span<byte> last = stackalloc byte[1];
        return Size == 0 || RandomAccess.Read(_file, last, Size - 1) != 1 || last[0] == (byte)'\n';
    }

    /// <summary>One write(2). Where the disk has no room for all of it, a part of it may be written.</summary>
    /// <returns>Bytes written.</returns>
    /// <exception cref="KernelException">Nothing was written.</exception>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        nint written;
        do
        {
            written = WriteFile(_file, bytes, (nuint)bytes.Length);
        }
        while (written < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINTR);
        if (written < 0)
        {
            throw KernelException.Last("append to", Descriptors.WorkingDirectory, _path);
        }

        Size += written;
        return (int)written;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteFile(SafeFileHandle file, ReadOnlySpan<byte> bytes, nuint count);
}
