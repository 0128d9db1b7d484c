using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>A directory that is being walked. It can be closed on the way to save a descriptor, and goes on where it was.</summary>
internal sealed class ArchivedDirectory : IDisposable
{
    private const OpenFlags Flags = OpenFlags.ReadOnly | OpenFlags.Directory;

    private readonly (ulong Device, ulong Inode) _identity;
    private readonly List<DirectoryEntry> _batch = [];
    private SafeFileHandle? _handle;
    private int _next;
    private long _position;
    private bool _isOver;

    private ArchivedDirectory(SafeFileHandle handle, KernelPath path, KernelPath name)
    {
        (_handle, Path, Name) = (handle, path, name);
        FileStatus status = Files.Stat(handle);
        _identity = (status.Device, status.Inode);
    }

    /// <summary>From the archive's top; empty for the top itself.</summary>
    public KernelPath Path { get; }

    /// <summary>In the archive.</summary>
    public KernelPath Name { get; }

    /// <param name="directory">A handle that names it.</param>
    /// <param name="path">From the archive's top.</param>
    /// <param name="name">In the archive.</param>
    public static ArchivedDirectory Open(SafeFileHandle directory, KernelPath path, KernelPath name) =>
        new(Files.Reopen(directory, Flags), path, name);

    /// <summary>The next name; null at the end, or when another directory stands here by now.</summary>
    public DirectoryEntry? Next(SafeFileHandle top)
    {
        if (_handle is null)
        {
            Reopen(top);
        }

        if (_next == _batch.Count && !_isOver)
        {
            _batch.Clear();
            _next = 0;
            _isOver = !ReadBatch();

            // A batch may hold nothing but '.' and '..'.
            if (_batch.Count == 0 && !_isOver)
            {
                return Next(top);
            }
        }

        if (_next == _batch.Count)
        {
            return null;
        }

        DirectoryEntry entry = _batch[_next++];
        _position = entry.Next;
        return entry;
    }

    /// <summary>A handle on a name; null when it is gone.</summary>
    public SafeFileHandle? TryOpen(KernelPath name) =>
        TryOpenBelow(_handle!, name, OpenFlags.PathOnly | OpenFlags.NoFollow);

    /// <summary>Gives the descriptor back until the walk returns here.</summary>
    public void Close()
    {
        _handle?.Dispose();
        _handle = null;
        _batch.Clear();
        _batch.TrimExcess();
        _next = 0;
    }

    public void Dispose() => Close();

    // A directory that has been removed has no names, says the kernel with ENOENT.
    private bool ReadBatch()
    {
        try
        {
            return Files.ReadDirectoryBatch(_handle!, _batch);
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOENT or Errno.ESTALE)
        {
            return false;
        }
    }

    // A name that was read has no '..' in it, and links are not followed: it leads out only where it is moved out while it is looked up (complete_walk in fs/namei.c of
    // Linux 6.1).
    private static SafeFileHandle? TryOpenBelow(SafeFileHandle directory, KernelPath path, OpenFlags flags)
    {
        try
        {
            return TreePlace.TryOpenBelow(directory, path, flags);
        }
        catch (KernelException ex) when (ex.Errno == Errno.EXDEV)
        {
            return null;
        }
    }

    private void Reopen(SafeFileHandle top)
    {
        _handle = TryOpenBelow(top, Path, Flags);
        if (_handle is null || Files.Stat(_handle) is var status && (status.Device, status.Inode) != _identity)
        {
            _isOver = true;
            return;
        }

        _isOver = false;
        Files.SeekDirectory(_handle, _position);
    }
}
