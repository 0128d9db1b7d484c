using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Overlay;

/// <summary>Comparing the data of two files.</summary>
internal static class FileBytes
{
    private const int Piece = 256 * 1024;

    /// <summary>Whether both hold the same bytes.</summary>
    /// <exception cref="IOException">The disk cannot be read.</exception>
    public static bool AreEqual(SafeFileHandle one, SafeFileHandle other, CancellationToken cancellationToken)
    {
        byte[] a = ArrayPool<byte>.Shared.Rent(Piece);
        byte[] b = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            for (long offset = 0; ; offset += Piece)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int count = Fill(one, a, offset);
                if (count != Fill(other, b, offset) || !a.AsSpan(0, count).SequenceEqual(b.AsSpan(0, count)))
                {
                    return false;
                }

                if (count < Piece)
                {
                    return true;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(a);
            ArrayPool<byte>.Shared.Return(b);
        }
    }

    private static int Fill(SafeFileHandle file, byte[] buffer, long offset)
    {
        int length = 0;
        int read;
        while (length < Piece && (read = RandomAccess.Read(file, buffer.AsSpan(length, Piece - length), offset + length)) > 0)
        {
            length += read;
        }

        return length;
    }
}
