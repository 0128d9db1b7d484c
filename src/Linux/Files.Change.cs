using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

public static partial class Files
{
    private const int RemoveDirectoryFlag = 0x200;
    private const int SymlinkFollow = 0x400;

    /// <summary>mkdirat(2). The mode is cut by the process's umask; see <see cref="SetMode"/>.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void MakeDirectory(SafeFileHandle directory, KernelPath path, int mode) =>
        Check(MkDirAt(directory, path.Terminated, (uint)mode), "make directory", directory, path);

    /// <summary>mknodat(2): a FIFO, a device or an empty regular file.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void MakeNode(SafeFileHandle directory, KernelPath path, FileType type, int mode, ulong device = 0) =>
        Check(MkNodAt(directory, path.Terminated, (uint)type | (uint)mode, device), "make node", directory, path);

    /// <summary>symlinkat(2).</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void MakeSymbolicLink(SafeFileHandle directory, KernelPath path, KernelPath target) =>
        Check(SymLinkAt(target.Terminated, directory, path.Terminated), "make symbolic link", directory, path);

    /// <summary>readlinkat(2): where a symbolic link points.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static KernelPath ReadLink(SafeFileHandle directory, KernelPath path)
    {
        byte[] buffer = new byte[4096];
        nint length = ReadLinkAt(directory, path.Terminated, buffer, (nuint)buffer.Length);
        return length < 0
            ? throw KernelException.Last("read link", directory, path)
            : KernelPath.FromBytes(buffer.AsSpan(0, (int)length));
    }

    /// <summary>linkat(2): one more name for a file; a symbolic link is linked itself.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Link(SafeFileHandle fromDirectory, KernelPath from, SafeFileHandle toDirectory, KernelPath to) =>
        Check(LinkAt(fromDirectory, from.Terminated, toDirectory, to.Terminated, 0), "link", toDirectory, to);

    /// <summary>linkat(2) through /proc: gives an open file a name, also one opened with <see cref="OpenFlags.Unnamed"/>.</summary>
    /// <exception cref="KernelException">The kernel refused, such as EEXIST.</exception>
    public static void LinkOpen(SafeFileHandle file, SafeFileHandle toDirectory, KernelPath to) =>
        Check(
            LinkAt(
                Descriptors.WorkingDirectory, KernelPath.FromString(Descriptors.PathOf(file)).Terminated, toDirectory, to.Terminated, SymlinkFollow),
            "link",
            toDirectory,
            to);

    /// <summary>renameat(2).</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Rename(SafeFileHandle fromDirectory, KernelPath from, SafeFileHandle toDirectory, KernelPath to) =>
        Check(RenameAt(fromDirectory, from.Terminated, toDirectory, to.Terminated), "rename to", toDirectory, to);

    /// <summary>unlinkat(2): takes a name away that is no directory.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Unlink(SafeFileHandle directory, KernelPath path) =>
        Check(UnlinkAt(directory, path.Terminated, 0), "remove", directory, path);

    /// <summary>unlinkat(2): removes an empty directory.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void RemoveDirectory(SafeFileHandle directory, KernelPath path) =>
        Check(UnlinkAt(directory, path.Terminated, RemoveDirectoryFlag), "remove directory", directory, path);

    /// <summary>fchownat(2); a symbolic link is changed itself. Clears setuid and file capabilities: set those afterwards.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void SetOwner(SafeFileHandle directory, KernelPath path, uint userId, uint groupId) =>
        Check(
            FChownAt(directory, path.Terminated, userId, groupId, SymlinkNoFollow | (path.IsEmpty ? EmptyPath : 0)),
            "change the owner of",
            directory,
            path);

    /// <summary>
    /// fchmodat(2). A symbolic link has no mode; the kernel would follow it (a call that does not exists only since 6.6),
    /// so the caller must know that the name is none.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void SetMode(SafeFileHandle directory, KernelPath path, int mode) =>
        Check(FChModAt(directory, path.Terminated, (uint)mode, 0), "change the mode of", directory, path);

    /// <summary>utimensat(2), with nanoseconds; a symbolic link is changed itself.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static unsafe void SetTimes(SafeFileHandle directory, KernelPath path, FileTime access, FileTime modify)
    {
        long* times = stackalloc long[] { access.Seconds, access.Nanoseconds, modify.Seconds, modify.Nanoseconds };
        Check(
            UTimeNsAt(directory, path.Terminated, times, SymlinkNoFollow | (path.IsEmpty ? EmptyPath : 0)),
            "set the times of",
            directory,
            path);
    }

    private static void Check(int result, string action, SafeFileHandle directory, KernelPath path)
    {
        if (result != 0)
        {
            throw KernelException.Last(action, directory, path);
        }
    }

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true)]
    private static partial int MkDirAt(SafeFileHandle directory, ReadOnlySpan<byte> path, uint mode);

    [LibraryImport("libc", EntryPoint = "mknodat", SetLastError = true)]
    private static partial int MkNodAt(SafeFileHandle directory, ReadOnlySpan<byte> path, uint mode, ulong device);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true)]
    private static partial int SymLinkAt(ReadOnlySpan<byte> target, SafeFileHandle directory, ReadOnlySpan<byte> path);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true)]
    private static partial nint ReadLinkAt(SafeFileHandle directory, ReadOnlySpan<byte> path, Span<byte> buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true)]
    private static partial int LinkAt(
        SafeFileHandle fromDirectory, ReadOnlySpan<byte> from, SafeFileHandle toDirectory, ReadOnlySpan<byte> to, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true)]
    private static partial int RenameAt(
        SafeFileHandle fromDirectory, ReadOnlySpan<byte> from, SafeFileHandle toDirectory, ReadOnlySpan<byte> to);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    private static partial int UnlinkAt(SafeFileHandle directory, ReadOnlySpan<byte> path, int flags);

    [LibraryImport("libc", EntryPoint = "fchownat", SetLastError = true)]
    private static partial int FChownAt(
        SafeFileHandle directory, ReadOnlySpan<byte> path, uint userId, uint groupId, int flags);

    [LibraryImport("libc", EntryPoint = "fchmodat", SetLastError = true)]
    private static partial int FChModAt(SafeFileHandle directory, ReadOnlySpan<byte> path, uint mode, int flags);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true)]
    private static unsafe partial int UTimeNsAt(SafeFileHandle directory, ReadOnlySpan<byte> path, long* times, int flags);
}
