using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Overlay;

/// <summary>Sends the bytes of an open file, in constant memory.</summary>
public static class TreeFileReading
{
    private const int Piece = 256 * 1024;

    /// <summary>Copies a part of the file.</summary>
    /// <param name="file">From <see cref="TreeFile.OpenRead"/>.</param>
    /// <param name="from">The first byte.</param>
    /// <param name="count">How many bytes.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">Ends it in the middle.</param>
    /// <exception cref="EndOfStreamException">The file has become shorter meanwhile.</exception>
    /// <exception cref="IOException">The disk cannot be read.</exception>
    public static async Task CopyAsync(SafeFileHandle file, long from, long count, Stream output, CancellationToken cancellationToken)
    {
        using var disk = new DiskThread();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            for (long done = 0; done < count;)
            {
                int wanted = (int)Math.Min(Piece, count - done);
                long at = from + done;
                int read = await disk.RunAsync(() => RandomAccess.Read(file, buffer.AsSpan(0, wanted), at));
                if (read == 0)
                {
                    throw new EndOfStreamException("the file has become shorter while it was read");
                }

                await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                done += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
