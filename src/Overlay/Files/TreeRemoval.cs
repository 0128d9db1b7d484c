using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Removes a directory of a tree with all below it, while others may change it: no link is followed and no mount entered. What lies
/// deeper than <see cref="MaxDepth"/> is moved up to the top of the directory that is being removed, so that few descriptors do.
/// </summary>
internal sealed class TreeRemoval
{
    private const int MaxDepth = 64;

    /// <summary>Somebody who fills a directory as fast as we empty it is given up.</summary>
    private const int MaxPasses = 1000;

    private readonly string _path;
    private readonly ulong _mount;
    private readonly Stack<Level> _levels = new();
    private readonly CancellationToken _cancellationToken;

    private TreeRemoval(string path, ulong mount, CancellationToken cancellationToken) =>
        (_path, _mount, _cancellationToken) = (path, mount, cancellationToken);

    /// <summary>Removes.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotAllowed"/>: something is mounted below; <see cref="TreeFailure.Changed"/>.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Run(SafeFileHandle parent, KernelPath name, string path, CancellationToken cancellationToken)
    {
        var removal = new TreeRemoval(path, Files.Stat(parent).MountId, cancellationToken);
        try
        {
            removal.Enter(parent, name);
            removal.Work();
        }
        finally
        {
            while (removal._levels.TryPop(out Level? level))
            {
                level.Handle.Dispose();
            }
        }
    }

    private void Work()
    {
        SafeFileHandle top = _levels.Peek().Handle;
        while (_levels.TryPeek(out Level? level))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            if (level.Entries.TryPop(out DirectoryEntry entry))
            {
                Remove(level, entry.Name, top);
            }
            else if (!level.Read())
            {
                Leave(level);
            }
        }
    }

    private void Remove(Level level, KernelPath name, SafeFileHandle top)
    {
        if (Files.TryStat(level.Handle, name, out Errno errno) is not FileStatus status)
        {
            if (errno is not (Errno.ENOENT or Errno.ESTALE))
            {
                throw new KernelException("stat", _path, errno);
            }

            return;
        }

        if (status.MountId != _mount)
        {
            throw TreeFileException.NotAllowed(_path, $"something is mounted below it, at {name}");
        }

        if (status.Type != FileType.Directory)
        {
            Unless(Errno.ENOENT, () => Files.Unlink(level.Handle, name));
        }
        else if (_levels.Count >= MaxDepth)
        {
            Unless(Errno.ENOENT, () => Files.Rename(level.Handle, name, top, NewFile.TemporaryName()));
        }
        else
        {
            Enter(level.Handle, name);
        }
    }

    private void Enter(SafeFileHandle parent, KernelPath name)
    {
        // A link or a file that has taken its place meanwhile is met again in the next pass.
        SafeFileHandle? handle = Files.TryOpen(
            parent, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow, TreePlace.Inside, out Errno errno);
        if (handle is not null)
        {
            _levels.Push(new Level(parent, name, handle));
        }
        else if (_levels.Count == 0 || errno is not (Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP))
        {
            throw new KernelException("open", _path, errno);
        }
    }

    private void Leave(Level level)
    {
        try
        {
            Files.RemoveDirectory(level.Parent, level.Name);
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOTEMPTY && level.Rewind() < MaxPasses)
        {
            return;
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOENT)
        {
            // Somebody was quicker.
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOTEMPTY or Errno.ENOTDIR)
        {
            throw new KernelException("remove", _path, Errno.ESTALE);
        }

        _levels.Pop();
        level.Handle.Dispose();
    }

    private static void Unless(Errno errno, Action work)
    {
        try
        {
            work();
        }
        catch (KernelException ex) when (ex.Errno == errno)
        {
            // Somebody was quicker.
        }
    }

    private sealed class Level(SafeFileHandle parent, KernelPath name, SafeFileHandle handle)
    {
        private readonly List<DirectoryEntry> _batch = [];
        private int _passes;

        public SafeFileHandle Parent { get; } = parent;

        public KernelPath Name { get; } = name;

        public SafeFileHandle Handle { get; } = handle;

        public Stack<DirectoryEntry> Entries { get; } = new();

        public bool Read()
        {
            _batch.Clear();
            bool more = Files.ReadDirectoryBatch(Handle, _batch);
            _batch.ForEach(Entries.Push);
            return more;
        }

        public int Rewind()
        {
            Files.SeekDirectory(Handle, 0);
            return ++_passes;
        }
    }
}
