using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>What a btrfs subvolume is a snapshot of, from the same structure as <see cref="BtrfsGeneration"/>.</summary>
/// <param name="Id">The subvolume's UUID.</param>
/// <param name="Parent">That of the one it was made from; empty when it is no snapshot. It may be deleted by now.</param>
/// <param name="Origin">The transaction that made it: the parent's changes up to it are in it, later ones are not.</param>
/// <param name="IsReceived">It came by <c>btrfs receive</c>, or is a read-only snapshot of such a one: it was made from the parent, and then changed.</param>
public readonly record struct BtrfsLineage(Guid Id, Guid Parent, ulong Origin, bool IsReceived = false)
{
    /// <summary>Reads it.</summary>
    /// <param name="subvolume">Any directory in it.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static BtrfsLineage Read(SafeFileHandle subvolume)
    {
        Span<byte> info = stackalloc byte[BtrfsGeneration.InfoSize];
        BtrfsGeneration.ReadInfo(subvolume, info);
        return new BtrfsLineage(
            new Guid(info.Slice(296, 16), bigEndian: true), new Guid(info.Slice(312, 16), bigEndian: true), BinaryPrimitives.ReadUInt64LittleEndian(info[352..]),
            info.Slice(328, 16).ContainsAnyExcept((byte)0));
    }
}
