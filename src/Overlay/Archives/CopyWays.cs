using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>Copies files, and remembers what was found not to work between two filesystems, so that it is not tried again for each of many files.</summary>
internal sealed class CopyWays
{
    private const int Block = 256 * 1024;

    private bool _share = true;
    private bool _inKernel = true;

    /// <summary>
    /// Fills an empty file with what another holds: blocks are shared where both lie on one filesystem that can (FICLONE), else the
    /// kernel copies (copy_file_range, which shares blocks too where it can), else we do. Holes stay holes.
    /// </summary>
    /// <returns>The bytes.</returns>
    /// <exception cref="KernelException">The disk is full, or the source cannot be read.</exception>
    public long Copy(SafeFileHandle source, SafeFileHandle target, CancellationToken cancellationToken)
    {
        long size = Files.Stat(source).Size;
        if (_share && FileData.TryClone(source, target))
        {
            return Files.Stat(target).Size;
        }

        _share = false;
        if (_inKernel && FileData.TryCopySparse(source, target, cancellationToken))
        {
            return size;
        }

        _inKernel = false;
        return CopyByHand(source, target, cancellationToken);
    }

    /// <summary>Writes data.</summary>
    /// <exception cref="KernelException">The disk is full.</exception>
    public static void Write(SafeFileHandle target, ReadOnlySpan<byte> data, long offset)
    {
        try
        {
            RandomAccess.Write(target, data, offset);
        }
        catch (IOException ex) when (NewFile.ErrnoOf(ex) is Errno errno)
        {
            throw new KernelException("write to", Descriptors.Describe(target, default), errno);
        }
    }

    private static long CopyByHand(SafeFileHandle source, SafeFileHandle target, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            long offset = 0;
            while (RandomAccess.Read(source, buffer, offset) is > 0 and int length)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ReadOnlySpan<byte> data = buffer.AsSpan(0, length);
                if (data.IndexOfAnyExcept((byte)0) >= 0)
                {
                    Write(target, data, offset);
                }

                offset += length;
            }

            return offset;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
