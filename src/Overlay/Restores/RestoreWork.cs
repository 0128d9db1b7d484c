using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Puts one path back, with all below it: each file, link and FIFO whole or not at all. No symbolic link is walked through below the
/// path on either side, and no mount entered, whoever changes the tree meanwhile.
/// </summary>
internal sealed class RestoreWork
{
    private readonly RestoreOrder _order;
    private readonly string _path;
    private readonly TemporaryName _temporary;
    private readonly CopyWays _ways;
    private readonly CancellationToken _cancellationToken;
    private readonly ulong _mount;
    private readonly Dictionary<ulong, (KernelPath Path, ulong Inode)> _linked = [];
    private readonly List<(KernelPath Path, FileStatus Status)> _directories = [];
    private SafeFileHandle? _top;
    private long _files;
    private long _bytes;
    private long _leftOut;

    public RestoreWork(RestoreOrder order, string path, TemporaryName temporary, CopyWays ways, CancellationToken cancellationToken)
    {
        (_order, _path, _temporary, _ways, _cancellationToken) = (order, path, temporary, ways, cancellationToken);
        _mount = Files.Stat(order.Into).MountId;
    }

    /// <summary>Puts it back.</summary>
    /// <exception cref="TreeFileException">Something is in the way.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public RestoredPath Run(RestorePlace place)
    {
        FileStatus status = place.Found!.Value;
        using SafeFileHandle target = place.EnsureParent();
        RefuseMount(target, default);
        if (status.Type == FileType.Directory)
        {
            MakeDirectory(target, place.Name, status, default);
            using SafeFileHandle from = OpenDirectory(place.SourceDirectory, place.Name, OpenFlags.ReadOnly);
            using SafeFileHandle top = OpenDirectory(target, place.Name, OpenFlags.PathOnly);
            _top = top;
            CopyAll(from, top, status);
        }
        else
        {
            Put(place.SourceDirectory, target, place.Name, status, default);
        }

        return new RestoredPath(_path, status.Type, _files, _bytes, _leftOut);
    }

    private void CopyAll(SafeFileHandle from, SafeFileHandle top, FileStatus status)
    {
        _directories.Add((default, status));
        for (int next = 0; next < _directories.Count; next++)
        {
            KernelPath path = _directories[next].Path;
            using SafeFileHandle source = OpenDirectory(from, path, OpenFlags.ReadOnly);
            using SafeFileHandle target = OpenDirectory(top, path, OpenFlags.PathOnly);
            RefuseMount(target, path);
            CopyDirectory(source, target, path);
        }

        // The deepest first: what is put into a directory changes its time.
        for (int last = _directories.Count - 1; last >= 0; last--)
        {
            (KernelPath path, FileStatus was) = _directories[last];
            using SafeFileHandle source = OpenDirectory(from, path, OpenFlags.ReadOnly);
            using SafeFileHandle target = OpenDirectory(top, path, OpenFlags.PathOnly);
            RestoreDraft.TakeAttributes(source, was, target);
        }
    }

    private void CopyDirectory(SafeFileHandle source, SafeFileHandle target, KernelPath path)
    {
        List<DirectoryEntry> entries = Files.ReadDirectory(source);
        if (_order.DeleteAdded)
        {
            RemoveOthers(target, [.. entries.Select(entry => entry.Name)], path);
        }

        foreach (KernelPath name in entries.Select(entry => entry.Name))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            FileStatus status = Files.Stat(source, name);
            KernelPath below = path.Join(name);
            if (status.Type == FileType.Directory)
            {
                MakeDirectory(target, name, status, below);
                _directories.Add((below, status));
            }
            else
            {
                Put(source, target, name, status, below);
            }
        }
    }

    private void RemoveOthers(SafeFileHandle target, HashSet<KernelPath> names, KernelPath path)
    {
        using SafeFileHandle directory = Files.Reopen(target, OpenFlags.ReadOnly | OpenFlags.Directory);
        foreach (KernelPath name in Files.ReadDirectory(directory).Select(entry => entry.Name).Where(name => !names.Contains(name)))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            RestoreRemoval.Remove(directory, name, Describe(path.Join(name)), _cancellationToken);
        }
    }

    private void MakeDirectory(SafeFileHandle target, KernelPath name, FileStatus status, KernelPath path)
    {
        if (Files.TryStat(target, name, out _) is FileStatus there)
        {
            RefuseMount(there, path);
            if (there.Type == FileType.Directory)
            {
                return;
            }

            Files.Unlink(target, name);
        }

        TreeDirectory.Make(target, name, status.Mode, status.UserId, status.GroupId);
    }

    private void Put(SafeFileHandle source, SafeFileHandle target, KernelPath name, FileStatus status, KernelPath path)
    {
        if (Files.TryStat(target, name, out _) is FileStatus there)
        {
            RefuseMount(there, path);
            if (there.Type == FileType.Directory)
            {
                RemoveInTheWay(target, name, path);
            }
        }

        switch (status.Type)
        {
            case FileType.Regular:
                if (status.Links < 2 || !TryLink(target, name, status))
                {
                    PutFile(source, target, name, path);
                }

                break;
            case FileType.SymbolicLink:
                Files.MakeSymbolicLink(_temporary.Directory, _temporary.Name, Files.ReadLink(source, name));
                PutNode(source, target, name, status);
                break;
            case FileType.Fifo:
                Files.MakeNode(_temporary.Directory, _temporary.Name, FileType.Fifo, 0);
                PutNode(source, target, name, status);
                break;
            default:
                _leftOut++;
                return;
        }

        _files++;
    }

    private void RemoveInTheWay(SafeFileHandle target, KernelPath name, KernelPath path)
    {
        if (!_order.DeleteAdded)
        {
            throw RestorePlace.InTheWay(Describe(path));
        }

        TreeRemoval.Run(target, name, Describe(path), _cancellationToken);
    }

    private void PutFile(SafeFileHandle source, SafeFileHandle target, KernelPath name, KernelPath path)
    {
        using SafeFileHandle from = Files.Open(source, name, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking, TreePlace.Inside);
        FileStatus status = Files.Stat(from);
        using var draft = RestoreDraft.Open(target, _temporary);
        _bytes += draft.Fill(from, status, _ways, _cancellationToken);
        ulong inode = draft.Publish(target, name);
        if (status.Links > 1 && _top is not null)
        {
            _linked.TryAdd(status.Inode, (path, inode));
        }
    }

    // Another name of a file that was put back before, unless somebody has replaced it since.
    private bool TryLink(SafeFileHandle target, KernelPath name, FileStatus status)
    {
        if (!_linked.TryGetValue(status.Inode, out (KernelPath Path, ulong Inode) first)
            || Files.TryOpen(_top!, first.Path, OpenFlags.PathOnly | OpenFlags.NoFollow, TreePlace.Inside, out _) is not SafeFileHandle file)
        {
            return false;
        }

        using (file)
        {
            if (Files.Stat(file) is not { Type: FileType.Regular } found || found.Inode != first.Inode)
            {
                return false;
            }

            Files.LinkOpen(file, _temporary.Directory, _temporary.Name);
            try
            {
                Files.Rename(_temporary.Directory, _temporary.Name, target, name);
            }
            finally
            {
                // Renaming one name of a file over another does nothing and leaves both.
                NewFile.Forget(_temporary.Directory, _temporary.Name);
            }

            return true;
        }
    }

    // A symbolic link or a FIFO, made under the temporary name.
    private void PutNode(SafeFileHandle source, SafeFileHandle target, KernelPath name, FileStatus status)
    {
        try
        {
            using SafeFileHandle node = Files.Open(_temporary.Directory, _temporary.Name, OpenFlags.PathOnly | OpenFlags.NoFollow, TreePlace.Inside);
            if (Files.Stat(node).Type != status.Type)
            {
                throw new KernelException("open what was made for", _path, Errno.ESTALE);
            }

            if (status.Type == FileType.SymbolicLink)
            {
                Files.SetOwner(node, default, status.UserId, status.GroupId);
                Files.SetTimes(node, default, status.AccessTime, status.ModifyTime);
            }
            else
            {
                using SafeFileHandle from = Files.Open(source, name, OpenFlags.PathOnly | OpenFlags.NoFollow, TreePlace.Inside);
                RestoreDraft.TakeAttributes(from, status, node);
            }

            Files.Rename(_temporary.Directory, _temporary.Name, target, name);
        }
        finally
        {
            NewFile.Forget(_temporary.Directory, _temporary.Name);
        }
    }

    private void RefuseMount(SafeFileHandle directory, KernelPath path) => RefuseMount(Files.Stat(directory), path);

    private void RefuseMount(FileStatus status, KernelPath path)
    {
        if (status.MountId != _mount)
        {
            throw TreeFileException.NotAllowed(_path, path.IsEmpty ? "something is mounted there" : $"something is mounted below it, at {path}");
        }
    }

    private static SafeFileHandle OpenDirectory(SafeFileHandle top, KernelPath path, OpenFlags how) =>
        Files.Open(top, path.IsEmpty ? "." : path, how | OpenFlags.Directory | OpenFlags.NoFollow, TreePlace.Inside);

    private string Describe(KernelPath below) => below.IsEmpty ? _path : $"{_path.TrimEnd('/')}/{below}";
}
