using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>One name in a directory.</summary>
/// <param name="Name">Its bytes.</param>
/// <param name="Type">What it is; <see cref="FileType.Unknown"/> where the filesystem does not say.</param>
/// <param name="Inode">Its inode number.</param>
public readonly record struct DirectoryEntry(KernelPath Name, FileType Type, ulong Inode);

public static partial class Files
{
    /// <summary>getdents64(2): the names of a directory that was opened for reading, without <c>.</c> and <c>..</c>.</summary>
    /// <remarks>.NET's own enumeration turns names into text, and a name that is not UTF-8 can then not be opened.</remarks>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static unsafe List<DirectoryEntry> ReadDirectory(SafeFileHandle directory)
    {
        var entries = new List<DirectoryEntry>();
        byte[] buffer = new byte[32 * 1024];
        while (true)
        {
            nint length;
            fixed (byte* start = buffer)
            {
                length = Syscall.Invoke(SyscallNumber.GetDirectoryEntries, directory, (nint)start, buffer.Length);
            }

            switch (length)
            {
                case < 0:
                    throw KernelException.Last("read directory", directory, default);
                case 0:
                    return entries;
                default:
                    AddEntries(buffer.AsSpan(0, (int)length), entries);
                    break;
            }
        }
    }

    // struct linux_dirent64: u64 ino, s64 off, u16 reclen, u8 type, NUL-terminated name.
    private static void AddEntries(ReadOnlySpan<byte> buffer, List<DirectoryEntry> entries)
    {
        while (!buffer.IsEmpty)
        {
            ReadOnlySpan<byte> record = buffer[..BinaryPrimitives.ReadUInt16LittleEndian(buffer[16..])];
            buffer = buffer[record.Length..];
            ReadOnlySpan<byte> name = record[19..];
            name = name[..name.IndexOf((byte)0)];
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                entries.Add(new DirectoryEntry(
                    KernelPath.FromBytes(name),
                    (FileType)(record[18] << 12), // DT_x is S_IFx shifted by twelve
                    BinaryPrimitives.ReadUInt64LittleEndian(record)));
            }
        }
    }
}
