using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Linux;

/// <summary>The write end of a FIFO. Writing never blocks a thread: what does not fit waits for the reader without one.</summary>
public sealed class FifoWriter : IDisposable
{
    private readonly SafeFileHandle _file;

    private FifoWriter(SafeFileHandle file) => _file = file;

    /// <summary>Opens the write end; null when nobody has it open for reading (ENXIO), or when there is none.</summary>
    /// <exception cref="KernelException">It cannot be opened, or is no FIFO.</exception>
    public static FifoWriter? TryOpen(string path)
    {
        KernelPath name = KernelPath.FromString(path);
        SafeFileHandle? file = Files.TryOpen(
            Descriptors.WorkingDirectory, name, OpenFlags.WriteOnly | OpenFlags.NonBlocking | OpenFlags.NoFollow, ResolveFlags.None, out Errno errno);
        if (file is null)
        {
            return errno is Errno.ENXIO or Errno.ENOENT ? null : throw new KernelException("open", path, errno);
        }

        if (Files.Stat(file).Type != FileType.Fifo)
        {
            file.Dispose();
            throw new KernelException("open", path, Errno.EINVAL, "it is no FIFO");
        }

        return new FifoWriter(file);
    }

    /// <summary>Writes everything, as the reader makes room. One call at a time.</summary>
    /// <returns>False when the last reader has gone: the rest is nobody's.</returns>
    /// <exception cref="KernelException">The kernel refused.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended; a part may have been written.</exception>
    public async Task<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            int written = Write(bytes.Span, out Errno errno);
            switch (errno)
            {
                case Errno.None:
                    bytes = bytes[written..];
                    break;
                case Errno.EAGAIN:
                    await RoomToWrite.Shared.WaitAsync(_file, cancellationToken);
                    break;
                case Errno.EINTR:
                    break;
                case Errno.EPIPE:
                    return false;
                default:
                    throw new KernelException("write to", "FIFO", errno);
            }
        }

        return true;
    }

    /// <summary>Closes it; the reader sees the end when no other write end is open.</summary>
    public void Dispose() => _file.Dispose();

    private unsafe int Write(ReadOnlySpan<byte> bytes, out Errno errno)
    {
        fixed (byte* start = bytes)
        {
            nint written = KernelFileCalls.Write(_file, start, (nuint)bytes.Length);
            errno = written < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
            return (int)written;
        }
    }
}
