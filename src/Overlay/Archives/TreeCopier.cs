using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Copies what is in a directory of the host into a directory of a tree: merged, files and links replaced, each whole or not at all.
/// A directory never takes the place of anything else, nor anything else that of a directory, and no symbolic link is walked through on
/// either side, whoever changes the tree meanwhile.
/// </summary>
internal sealed class TreeCopier
{
    private readonly SafeFileHandle _from;
    private readonly SafeFileHandle _to;
    private readonly uint _userId;
    private readonly uint _groupId;
    private readonly CopyWays _ways = new();
    private readonly CancellationToken _cancellationToken;
    private readonly Stack<KernelPath> _pending = new([default(KernelPath)]);
    private long _files;
    private long _bytes;
    private long _leftOut;

    private TreeCopier(SafeFileHandle from, SafeFileHandle to, uint userId, uint groupId, CancellationToken cancellationToken) =>
        (_from, _to, _userId, _groupId, _cancellationToken) = (from, to, userId, groupId, cancellationToken);

    /// <summary>Copies all. What was written before a failure stays.</summary>
    /// <param name="from">The directory of the host.</param>
    /// <param name="place">The directory of the tree.</param>
    /// <param name="userId">Who owns all that is copied.</param>
    /// <param name="groupId">Their group.</param>
    /// <param name="cancellationToken">Ends it in the middle of a file, which is then not there.</param>
    /// <exception cref="TreeFileException">The disk is full, or something stands in the way; the entry is named.</exception>
    /// <exception cref="KernelException">The host's side cannot be read.</exception>
    public static TreeCopy Run(SafeFileHandle from, TreePlace place, uint userId, uint groupId, CancellationToken cancellationToken)
    {
        var copier = new TreeCopier(from, place.Handle, userId, groupId, cancellationToken);
        if (place.IsMade)
        {
            At(".", () => TreeDirectory.SetAttributes(place.Handle, Files.Stat(from).Mode, userId, groupId));
        }

        bool isRoot = place.Parts.Count == 0;
        while (copier._pending.TryPop(out KernelPath path))
        {
            copier.CopyDirectory(path, isRoot);
        }

        return new TreeCopy(copier._files, copier._bytes, copier._leftOut);
    }

    private void CopyDirectory(KernelPath path, bool isRoot)
    {
        using SafeFileHandle source = Files.Open(_from, path.IsEmpty ? "." : path, OpenFlags.ReadOnly | OpenFlags.Directory, TreePlace.Inside);
        using SafeFileHandle target = At(path.ToString(), () => Files.Open(
            _to, path.IsEmpty ? "." : path, OpenFlags.PathOnly | OpenFlags.Directory, TreePlace.Inside));
        var batch = new List<DirectoryEntry>();
        while (Files.ReadDirectoryBatch(source, batch))
        {
            foreach (DirectoryEntry entry in batch)
            {
                _cancellationToken.ThrowIfCancellationRequested();
                KernelPath name = path.Join(entry.Name);
                if (isRoot && path.IsEmpty && TreePlace.IsKernels(entry.Name))
                {
                    throw TreeFileException.InTheWay(name.ToString(), "it would be at /proc, /sys or /dev");
                }

                CopyEntry(source, target, entry.Name, name);
            }

            batch.Clear();
        }
    }

    private void CopyEntry(SafeFileHandle source, SafeFileHandle target, KernelPath name, KernelPath path)
    {
        FileStatus status = Files.Stat(source, name);
        switch (status.Type)
        {
            case FileType.Directory:
                At(path.ToString(), () => MergeDirectory(target, name, path.ToString(), status.Mode));
                _pending.Push(path);
                break;
            case FileType.Regular:
                CopyFile(source, target, name, path.ToString());
                break;
            case FileType.SymbolicLink:
                KernelPath points = Files.ReadLink(source, name);
                At(path.ToString(), () => TreeExtractor.PutSymbolicLink(target, name, Member(path, status) with { Target = points }, path.ToString()));
                _files++;
                break;
            default:
                _leftOut++; // a device, a FIFO, a socket
                break;
        }
    }

    private void MergeDirectory(SafeFileHandle target, KernelPath name, string entry, int mode)
    {
        const OpenFlags Flags = OpenFlags.PathOnly | OpenFlags.NoFollow;
        SafeFileHandle? there = Files.TryOpen(target, name, Flags, TreePlace.Inside, out Errno errno);
        if (there is null && errno == Errno.ENOENT)
        {
            TreeDirectory.Make(target, name, mode, _userId, _groupId);
            there = Files.TryOpen(target, name, Flags, TreePlace.Inside, out errno);
        }

        using SafeFileHandle directory = there ?? throw new KernelException("open directory", entry, errno);
        FileType type = Files.Stat(directory).Type;
        if (type != FileType.Directory)
        {
            throw TreeFileException.InTheWay(entry, type == FileType.SymbolicLink ? "the sandbox has a symbolic link there" : "the sandbox has a file there");
        }

        TreeDirectory.SetAttributes(directory, mode, _userId, _groupId);
    }

    private void CopyFile(SafeFileHandle source, SafeFileHandle target, KernelPath name, string entry)
    {
        using SafeFileHandle from = Files.Open(source, name, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking, TreePlace.Inside);
        FileStatus status = Files.Stat(from);
        if (status.Type != FileType.Regular)
        {
            throw new KernelException("open the file seen before at", entry, Errno.ESTALE);
        }

        At(entry, () =>
        {
            if (Files.TryStat(target, name, out _) is { Type: FileType.Directory })
            {
                throw TreeFileException.InTheWay(entry, "there is a directory in the sandbox");
            }

            using NewFile file = NewFile.Open(target, NewFileKind.Best);
            long size = file.CopyFrom(from, _ways, _cancellationToken);
            file.Publish(name, Member(name, status) with { Size = size });
            _bytes += size;
        });
        _files++;
    }

    private TarMember Member(KernelPath name, FileStatus status) => new()
    {
        Kind = TarKind.File, Name = name, Mode = status.Mode, UserId = _userId, GroupId = _groupId, Modified = status.ModifyTime,
    };

    private static void At(string entry, Action work) => At(entry, () =>
    {
        work();
        return true;
    });

    private static T At<T>(string entry, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (KernelException ex) when (TreeFileException.ReasonOf(ex.Errno) is (TreeFailure failure, string why))
        {
            throw new TreeFileException(failure, $"{(entry.Length == 0 ? "." : entry)}: {why}", entry, ex);
        }
    }
}
