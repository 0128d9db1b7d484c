using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>One path of a restore, in the tree as it was and in the tree that is changed.</summary>
internal sealed class RestorePlace : IDisposable
{
    private readonly RestoreOrder _order;
    private readonly string _path;
    private readonly TreeTarget? _source;

    private RestorePlace(RestoreOrder order, string path, TreeTarget? source) => (_order, _path, _source) = (order, path, source);

    /// <summary>The directory that the path is in, in the tree as it was.</summary>
    public SafeFileHandle SourceDirectory => _source!.Directory;

    /// <summary>The path's last part there.</summary>
    public KernelPath Name => _source!.Name;

    /// <summary>What is there; null: nothing.</summary>
    public FileStatus? Found => _source?.Existing;

    /// <summary>Finds the path, and refuses what can be refused before anything is changed.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotFound"/>, <see cref="TreeFailure.NotAllowed"/>.</exception>
    public static RestorePlace Find(RestoreOrder order, string path)
    {
        RestorePlace place = new(order, path, FindSource(order, path));
        try
        {
            place.Check();
            return place;
        }
        catch (IOException)
        {
            place.Dispose();
            throw;
        }
    }

    /// <summary>Finds the directory of the tree that the path is put into, and makes it, as it was, where it is missing.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotAllowed"/>.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public SafeFileHandle EnsureParent()
    {
        using TreePlace found = LocateParent()!;
        KernelPath[] missing = Missing(found);
        SafeFileHandle current = Files.Open(found.Handle, ".", OpenFlags.PathOnly | OpenFlags.Directory);
        IReadOnlyList<KernelPath> was = _source!.Parents;
        for (int i = 0; i < missing.Length; i++)
        {
            using SafeFileHandle parent = current;
            int depth = was.Count - missing.Length + i + 1;
            using SafeFileHandle model = Files.Open(
                _order.From, EntryPath.Join([.. was.Take(depth)]), OpenFlags.PathOnly | OpenFlags.Directory, TreePlace.Inside);
            FileStatus status = Files.Stat(model);
            TreeDirectory.Make(parent, missing[i], status.Mode, status.UserId, status.GroupId);
            current = Files.Open(parent, missing[i], OpenFlags.PathOnly | OpenFlags.Directory | OpenFlags.NoFollow, TreePlace.Inside);
            RestoreDraft.TakeAttributes(model, status, current);
        }

        return current;
    }

    /// <summary>The name in the tree that is changed; null where nothing has it.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotAllowed"/>.</exception>
    public TreeTarget? FindTarget()
    {
        try
        {
            TreeTarget target = TreeTarget.FindExact(_order.Into, _path);
            if (target.Existing is not null)
            {
                return target;
            }

            target.Dispose();
        }
        catch (TreeFileException ex) when (ex.Failure == TreeFailure.NotFound)
        {
            // Not even the directory is there.
        }

        return null;
    }

    public void Dispose() => _source?.Dispose();

    private static TreeTarget? FindSource(RestoreOrder order, string path)
    {
        try
        {
            TreeTarget source = TreeTarget.FindExact(order.From, path);
            if (source.Existing is not null)
            {
                return source;
            }

            source.Dispose();
        }
        catch (TreeFileException ex) when (ex.Failure == TreeFailure.NotFound)
        {
            // Not even the directory was there.
        }

        return order.DeleteAdded
            ? null
            : throw new TreeFileException(TreeFailure.NotFound, $"resource not found: path {path} in the snapshot");
    }

    private void Check()
    {
        if (Found is FileStatus { Type: FileType.CharacterDevice or FileType.BlockDevice or FileType.Socket } status)
        {
            throw TreeFileException.NotAllowed(_path, status.Type == FileType.Socket ? "it is a socket in the snapshot" : "it is a device in the snapshot");
        }

        using (TreePlace? parent = LocateParent())
        {
            if (parent is null)
            {
                return;
            }

            _ = Found is null ? [] : Missing(parent);
            RefuseMount(parent.Handle);
        }

        using TreeTarget? target = FindTarget();
        target?.RefuseMount();
        if (target?.Existing?.Type == FileType.Directory && Found is { Type: not FileType.Directory } && !_order.DeleteAdded)
        {
            throw InTheWay(_path);
        }
    }

    /// <summary>A directory that would have to go with all in it.</summary>
    internal static TreeFileException InTheWay(string path) =>
        TreeFileException.NotAllowed(path, "the sandbox has a directory there, which is removed only with delete_added");

    // Null where nothing was and nothing is: something that is no directory is on the way.
    private TreePlace? LocateParent()
    {
        try
        {
            return TreePlace.Locate(_order.Into, Parent(_path));
        }
        catch (TreeFileException ex) when (ex.Failure == TreeFailure.NotFound)
        {
            return Found is null
                ? null
                : throw TreeFileException.NotAllowed(_path, "there is something in the sandbox that is no directory", TreeObstacle.NoDirectory);
        }
    }

    private KernelPath[] Missing(TreePlace found)
    {
        KernelPath[] missing = [.. found.Missing.Where(part => part != ".")];
        return missing.Length <= _source!.Parents.Count && !missing.Contains("..") ? missing : throw TreeFileException.NotFound(_path);
    }

    // What lies in a mount is no part of a snapshot.
    private void RefuseMount(SafeFileHandle directory)
    {
        if (Files.Stat(directory).MountId != Files.Stat(_order.Into).MountId)
        {
            throw TreeFileException.NotAllowed(_path, "something is mounted there");
        }
    }

    private static string Parent(string path) => path.TrimEnd('/') is var plain ? plain[..(plain.LastIndexOf('/') + 1)] : path;
}
