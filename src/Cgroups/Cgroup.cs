using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <summary>
/// One cgroup of the version 2 hierarchy: a path, and the inode the directory had when this value was made. Every call works on
/// that directory alone: one made again under the same name is another cgroup, and is left alone. Holds no descriptor; safe for
/// use by several threads.
/// </summary>
/// <param name="Path">The absolute path.</param>
/// <param name="Inode">The directory's inode number.</param>
public sealed partial record Cgroup(string Path, ulong Inode)
{
    /// <summary>The last part of the path.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>True while the directory with this inode is there.</summary>
    public bool Exists
    {
        get
        {
            using KernelDirectory? directory = TryOpenSelf();
            return directory is not null;
        }
    }

    /// <summary>Makes a cgroup in <paramref name="parent"/>.</summary>
    /// <exception cref="KernelFileException">The name is taken, the parent is gone, or the kernel refuses.</exception>
    public static Cgroup Create(Cgroup parent, string name)
    {
        using KernelDirectory directory = parent.OpenSelf();
        return directory.TryMake(Checked(name))
            ? Open(System.IO.Path.Combine(parent.Path, name))
            : throw new KernelFileException("make", directory.FilePath(name), "it exists");
    }

    /// <summary>Makes a cgroup in <paramref name="parent"/>, or opens the one that has this name.</summary>
    /// <exception cref="KernelFileException">The parent is gone, or the kernel refuses.</exception>
    public static Cgroup OpenOrCreate(Cgroup parent, string name)
    {
        using KernelDirectory directory = parent.OpenSelf();
        _ = directory.TryMake(Checked(name));
        return Open(System.IO.Path.Combine(parent.Path, name));
    }

    /// <summary>Opens a cgroup that exists; never makes one.</summary>
    /// <exception cref="KernelFileException">There is none.</exception>
    public static Cgroup Open(string path) =>
        TryOpen(path) ?? throw new KernelFileException("open", path, "there is no such cgroup");

    /// <summary>Opens a cgroup; null when there is none.</summary>
    public static Cgroup? TryOpen(string path)
    {
        using KernelDirectory? directory = KernelDirectory.TryOpen(path);
        return directory is null ? null : new Cgroup(path, directory.Inode);
    }

    /// <summary>
    /// Opens the directory (O_RDONLY), for clone3's CLONE_INTO_CGROUP (Linux 5.7). The caller disposes it.
    /// </summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public SafeFileHandle OpenDirectory() => OpenSelf().Handle;

    /// <summary>The cgroups directly below this one; none when it is gone.</summary>
    public IReadOnlyList<Cgroup> Children()
    {
        using KernelDirectory? directory = TryOpenSelf();
        return directory is null
            ? []
            : [.. directory.Subdirectories().Select(name => TryOpen(System.IO.Path.Combine(Path, name))).OfType<Cgroup>()];
    }

    /// <summary>Names the cgroup.</summary>
    public override string ToString() => $"{Path} (inode {Inode})";

    /// <summary>Opens the directory if it is still the same one.</summary>
    private KernelDirectory? TryOpenSelf()
    {
        KernelDirectory? directory = KernelDirectory.TryOpen(Path);
        if (directory is null || directory.Inode == Inode)
        {
            return directory;
        }

        directory.Dispose();
        return null;
    }

    internal KernelDirectory OpenSelf() =>
        TryOpenSelf() ?? throw new KernelFileException("open", Path, $"the cgroup with inode {Inode} is gone");

    private static string Checked(string name) =>
        name.Length is 0 or > 255 || name is "." or ".." || name.AsSpan().IndexOfAny('/', '\n', '\0') >= 0
            ? throw new ArgumentException($"'{name}' is not a name for a cgroup", nameof(name))
            : name;
}
