using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.IntegrationTests.Overlay.RandomTrees;

/// <summary>Files with holes: what their bytes are, and the call that makes holes and space.</summary>
internal static partial class SparseFile
{
    /// <summary>FALLOC_FL_KEEP_SIZE.</summary>
    public const int KeepSize = 1;

    /// <summary>FALLOC_FL_PUNCH_HOLE, only with <see cref="KeepSize"/>.</summary>
    public const int PunchHole = 2;

    /// <summary>FALLOC_FL_ZERO_RANGE.</summary>
    public const int ZeroRange = 16;

    private const int SeekData = 3;
    private const int Block = 4096;

    /// <summary>
    /// A hash of size and bytes that is the same for a hole and for zeros that were written. Holes cost nothing, whatever
    /// their size.
    /// </summary>
    public static string HashOf(SafeFileHandle file, long size)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, size);
        hash.AppendData(number);
        byte[] piece = new byte[16 * Block];
        for (long at = LSeek(file, 0, SeekData); at >= 0; at = LSeek(file, at + piece.Length, SeekData))
        {
            at -= at % Block;
            int length = Read(file, piece, at);
            for (int i = 0; i < length; i += Block)
            {
                ReadOnlySpan<byte> block = piece.AsSpan(i, Math.Min(Block, length - i));
                if (block.ContainsAnyExcept((byte)0))
                {
                    BinaryPrimitives.WriteInt64LittleEndian(number, at + i);
                    hash.AppendData(number);
                    hash.AppendData(block);
                }
            }
        }

        return (Errno)Marshal.GetLastPInvokeError() == Errno.ENXIO
            ? Convert.ToHexString(hash.GetHashAndReset().AsSpan(0, 16))
            : throw KernelException.Last("find data in", Descriptors.PathOf(file));
    }

    /// <summary>fallocate(2).</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Allocate(SafeFileHandle file, int mode, long offset, long length)
    {
        if (FAllocate(file, mode, offset, length) != 0)
        {
            throw KernelException.Last("allocate in", Descriptors.PathOf(file));
        }
    }

    private static int Read(SafeFileHandle file, byte[] piece, long position)
    {
        int length = 0;
        while (length < piece.Length && RandomAccess.Read(file, piece.AsSpan(length), position + length) is > 0 and var read)
        {
            length += read;
        }

        return length;
    }

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long LSeek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int FAllocate(SafeFileHandle file, int mode, long offset, long length);
}
