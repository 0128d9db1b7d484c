using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>One name in a directory.</summary>
/// <param name="Name">Its bytes.</param>
/// <param name="Type">What it is; <see cref="FileType.Unknown"/> where the filesystem does not say.</param>
/// <param name="Inode">Its inode number.</param>
/// <param name="Next">Where the directory goes on behind it: see <see cref="Files.SeekDirectory"/>.</param>
public readonly record struct DirectoryEntry(KernelPath Name, FileType Type, ulong Inode, long Next = 0);

public static partial class Files
{
    /// <summary>The names of a directory that was opened for reading, without <c>.</c> and <c>..</c>.</summary>
    /// <remarks>.NET's own enumeration turns names into text, and a name that is not UTF-8 can then not be opened.</remarks>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static List<DirectoryEntry> ReadDirectory(SafeFileHandle directory)
    {
        var entries = new List<DirectoryEntry>();
        while (ReadDirectoryBatch(directory, entries))
        {
        }

        return entries;
    }

    /// <summary>
    /// getdents64(2): adds the next names, some hundreds at most, and false at the end. For directories of any size; names
    /// may be removed between two calls. A directory that was removed itself has none any more, as readdir(3) says; the kernel calls that ENOENT.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static unsafe bool ReadDirectoryBatch(SafeFileHandle directory, List<DirectoryEntry> entries)
    {
        byte* buffer = stackalloc byte[16 * 1024];
        nint length = Syscall.Invoke(SyscallNumber.GetDirectoryEntries, directory, (nint)buffer, 16 * 1024);
        if (length < 0)
        {
            KernelException refused = KernelException.Last("read directory", directory, default);
            if (refused.Errno != Errno.ENOENT)
            {
                throw refused;
            }

            return false;
        }

        AddEntries(new ReadOnlySpan<byte>(buffer, (int)length), entries);
        return length > 0;
    }

    /// <summary>
    /// lseek(2): goes on behind an entry read before, also through another descriptor of the same directory. A filesystem keeps
    /// the place for a directory that does not change; in one that does, names may be seen twice or not at all.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void SeekDirectory(SafeFileHandle directory, long next)
    {
        if (SeekTo(directory, next, 0) < 0)
        {
            throw KernelException.Last("seek in directory", directory, default);
        }
    }

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long SeekTo(SafeFileHandle file, long offset, int whence);

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
                    BinaryPrimitives.ReadUInt64LittleEndian(record),
                    BinaryPrimitives.ReadInt64LittleEndian(record[8..])));
            }
        }
    }
}
