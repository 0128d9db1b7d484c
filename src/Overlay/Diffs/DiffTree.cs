using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>One of two trees that are compared, as the kernel shows it. What vanishes meanwhile was not there.</summary>
internal sealed class DiffTree
{
    private readonly SafeFileHandle _root;
    private readonly ulong _mount;

    public DiffTree(SafeFileHandle root)
    {
        _root = root;
        RootStatus = Files.Stat(root);
        _mount = RootStatus.MountId;
    }

    public FileStatus RootStatus { get; }

    /// <summary>The next names of a directory; false at the end, or when it has been removed.</summary>
    public static bool ReadBatch(SafeFileHandle directory, List<DirectoryEntry> batch)
    {
        try
        {
            return Files.ReadDirectoryBatch(directory, batch);
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOENT or Errno.ESTALE)
        {
            return false;
        }
    }

    public SafeFileHandle? TryOpenDirectory(KernelPath path) =>
        TreePlace.TryOpenBelow(_root, path, OpenFlags.ReadOnly | OpenFlags.Directory);

    /// <summary>What has a name, null for nothing; false where something is mounted.</summary>
    public bool TryStat(SafeFileHandle? directory, KernelPath name, out FileStatus? status)
    {
        status = directory is null ? null : Files.TryStat(directory, name, out _);
        return status is not FileStatus found || found.MountId == _mount;
    }

    public KernelPath? TryReadLink(KernelPath path)
    {
        using SafeFileHandle? link = TryOpen(path);
        return link is not null && Files.Stat(link).Type == FileType.SymbolicLink ? Files.ReadLink(link, default) : (KernelPath?)null;
    }

    public SafeFileHandle? TryOpenFile(KernelPath path)
    {
        using SafeFileHandle? file = TryOpen(path);
        return file is not null && Files.Stat(file) is { Type: FileType.Regular } status && status.MountId == _mount
            ? Files.Reopen(file, OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.NoAccessTime)
            : null;
    }

    private SafeFileHandle? TryOpen(KernelPath path) =>
        TreePlace.TryOpenBelow(_root, path, OpenFlags.PathOnly | OpenFlags.NoFollow);
}
