using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>A name in an open directory of a tree, and what has it now.</summary>
internal sealed class TreeTarget : IDisposable
{
    private const int ParentMode = 0x1ED; // 0755

    private readonly string _path;

    // Directories made on the way, the deepest last.
    private readonly List<(SafeFileHandle Parent, KernelPath Name)> _made;
    private bool _isKept;

    private TreeTarget(
        SafeFileHandle directory, IReadOnlyList<KernelPath> parents, KernelPath name, string path,
        List<(SafeFileHandle Parent, KernelPath Name)>? made = null)
    {
        (Directory, Parents, Name, _path, _made) = (directory, parents, name, path, made ?? []);
        Existing = Files.TryStat(directory, name, out Errno errno)
            ?? (errno == Errno.ENOENT ? (FileStatus?)null : throw new KernelException("stat", path, errno));
    }

    /// <summary>A handle on the directory.</summary>
    public SafeFileHandle Directory { get; }

    /// <summary>The directory's names from the root on, without links.</summary>
    public IReadOnlyList<KernelPath> Parents { get; }

    /// <summary>The name.</summary>
    public KernelPath Name { get; }

    /// <summary>What has the name; a link is described itself.</summary>
    public FileStatus? Existing { get; }

    /// <summary>The name itself, which may be a link; the directories before it are there.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotFound"/>, <see cref="TreeFailure.NotAllowed"/>.</exception>
    public static TreeTarget FindExact(SafeFileHandle root, string path)
    {
        string plain = path.TrimEnd('/');
        int slash = plain.LastIndexOf('/');
        if (slash < 0)
        {
            throw TreeFileException.NotAllowed(path, "it is the root directory");
        }

        KernelPath name = plain[(slash + 1)..];
        if (name == "." || name == "..")
        {
            throw TreeFileException.NotAllowed(path, "its last part is no name");
        }

        TreePlace place = TreePlace.Find(root, plain[..(slash + 1)]);
        if (place.Parts.Count == 0 && TreePlace.IsKernels(name))
        {
            place.Dispose();
            throw TreeFileException.NotAllowed(path, "it leads to /proc, /sys or /dev");
        }

        return At(place, name, path);
    }

    /// <summary>The file that a path leads to, through links too, or its name where there is none; missing directories are made.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotFound"/>, <see cref="TreeFailure.NotAllowed"/>.</exception>
    /// <exception cref="KernelException">The kernel refused; what was made is removed.</exception>
    public static TreeTarget Ensure(SafeFileHandle root, string path, TreeFileReplacement how)
    {
        TreePlace place = TreePlace.Locate(root, path);
        if (place.Missing.Count == 0)
        {
            using (place)
            {
                return place.Parts.Count > 0
                    ? new TreeTarget(OpenDirectory(root, place.Parts.Take(place.Parts.Count - 1)), [.. place.Parts.SkipLast(1)], place.Parts[^1], path)
                    : throw TreeFileException.NotAllowed(path, "it is the root directory");
            }
        }

        CheckMissing(place, path, how);
        return place.Missing.Count == 1 ? At(place, place.Missing[0], path) : WithParents(place, path, how);
    }

    /// <summary>Refuses names that cannot be made, before any content comes.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotFound"/>, <see cref="TreeFailure.NotAllowed"/>.</exception>
    public static void CheckMissing(TreePlace place, string path, TreeFileReplacement how)
    {
        if (place.Missing.Any(part => part == "..") || place.Missing[^1] == "." || (place.Missing.Count > 1 && !how.MakeParents))
        {
            throw TreeFileException.NotFound(path);
        }

        if (place.Missing.Any(part => part.Bytes.Length > 255))
        {
            throw TreeFileException.NotAllowed(path, "a name in it is too long for the file system");
        }
    }

    /// <summary>Refuses all but regular files.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotAllowed"/>.</exception>
    public static void RefuseOthers(FileType type, string path)
    {
        if (type != FileType.Regular)
        {
            throw TreeFileException.NotAllowed(path, type switch
            {
                FileType.Directory => "it is a directory",
                FileType.Fifo => "it is a FIFO",
                FileType.Socket => "it is a socket",
                FileType.CharacterDevice or FileType.BlockDevice => "it is a device",
                _ => "it is no regular file",
            });
        }
    }

    /// <summary>Refuses a name on which something is mounted: the kernel would take the mount off without a word, for it is in another namespace.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotAllowed"/>.</exception>
    public void RefuseMount()
    {
        using SafeFileHandle? there = Files.TryOpen(Directory, Name, OpenFlags.PathOnly | OpenFlags.NoFollow, TreePlace.Inside, out _);
        if (there is not null && Files.Stat(there).MountId != Files.Stat(Directory).MountId)
        {
            throw TreeFileException.NotAllowed(_path, "something is mounted there");
        }
    }

    /// <summary>The topmost directory of the mount that the directory is in: it can always be found again, for nobody can move it.</summary>
    public (SafeFileHandle Handle, string Path) MountTop(SafeFileHandle root)
    {
        ulong mount = Files.Stat(Directory).MountId;
        for (int count = 0; ; count++)
        {
            SafeFileHandle top = OpenDirectory(root, Parents.Take(count));
            if (count >= Parents.Count || Files.Stat(top).MountId == mount)
            {
                return (top, "/" + EntryPath.Join([.. Parents.Take(count)]));
            }

            top.Dispose();
        }
    }

    /// <summary>The name is taken: directories made on the way stay.</summary>
    public void Keep() => _isKept = true;

    /// <summary>Closes the directory, and removes those made on the way if nothing came of it.</summary>
    public void Dispose()
    {
        Directory.Dispose();
        if (!_isKept)
        {
            TakeBack(_made);
        }

        _made.ForEach(made => made.Parent.Dispose());
        _made.Clear();
    }

    private static TreeTarget At(TreePlace place, KernelPath name, string path)
    {
        try
        {
            return Files.Stat(place.Handle).Type == FileType.Directory
                ? new TreeTarget(place.Handle, place.Parts, name, path)
                : throw TreeFileException.NotFound(path);
        }
        catch (IOException)
        {
            place.Dispose();
            throw;
        }
    }

    private static TreeTarget WithParents(TreePlace place, string path, TreeFileReplacement how)
    {
        List<(SafeFileHandle Parent, KernelPath Name)> made = [];
        SafeFileHandle current = place.Handle;
        KernelPath[] parents = [.. place.Missing.SkipLast(1).Where(part => part != ".")];
        try
        {
            foreach (KernelPath part in parents)
            {
                TreeDirectory.Make(current, part, ParentMode, how.UserId, how.GroupId);
                made.Add((current, part));
                current = Files.Open(current, part, OpenFlags.PathOnly | OpenFlags.Directory | OpenFlags.NoFollow, TreePlace.Inside);
            }

            return new TreeTarget(current, [.. place.Parts, .. parents], place.Missing[^1], path, made);
        }
        catch (IOException)
        {
            TakeBack(made);
            made.ForEach(one => one.Parent.Dispose());
            current.Dispose();
            throw;
        }
    }

    private static void TakeBack(List<(SafeFileHandle Parent, KernelPath Name)> made)
    {
        try
        {
            foreach ((SafeFileHandle parent, KernelPath name) in Enumerable.Reverse(made))
            {
                Files.RemoveDirectory(parent, name);
            }
        }
        catch (KernelException)
        {
            // Somebody has put something into it meanwhile, or was quicker to remove it.
        }
    }

    private static SafeFileHandle OpenDirectory(SafeFileHandle root, IEnumerable<KernelPath> parts)
    {
        KernelPath path = EntryPath.Join([.. parts]);
        return Files.Open(root, path.IsEmpty ? "." : path, OpenFlags.PathOnly | OpenFlags.Directory, TreePlace.Inside);
    }
}
