using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Walking and making paths in a tree that a hostile process may have shaped, or may be changing now. Every lookup starts
/// at the tree's root with RESOLVE_IN_ROOT, and what is made is made below a descriptor.
/// </summary>
internal static class TreePaths
{
    private const ResolveFlags InTree = ResolveFlags.InRoot | ResolveFlags.NoMagicLinks;

    /// <summary>The parts of an absolute path.</summary>
    /// <exception cref="ArgumentException">It is not absolute, or has a part <c>.</c> or <c>..</c>.</exception>
    public static string[] Parts(string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return path.StartsWith('/') && !parts.Any(part => part is "." or ".." || part.Contains('\0', StringComparison.Ordinal))
            ? parts
            : throw new ArgumentException($"not a plain absolute path: '{path}'", nameof(path));
    }

    /// <summary>
    /// Opens a directory, making what is missing. Links that lead to directories are followed inside the tree. With
    /// <paramref name="replace"/>, whatever else is in the way is replaced.
    /// </summary>
    public static SafeFileHandle EnsureDirectory(
        SafeFileHandle root, ReadOnlySpan<string> parts, bool replace, Action<SafeFileHandle>? onMade = null)
    {
        SafeFileHandle current = Files.Open(root, ".", OpenFlags.PathOnly | OpenFlags.Directory);
        string walked = "";
        foreach (string part in parts)
        {
            walked = walked.Length == 0 ? part : $"{walked}/{part}";
            using SafeFileHandle parent = current;
            current = Files.TryOpen(root, walked, OpenFlags.PathOnly | OpenFlags.Directory, InTree, out Errno errno)
                ?? MakeDirectory(parent, part, errno, replace, onMade);
        }

        return current;
    }

    /// <summary>Opens a directory that lies exactly there: a link in the last part is replaced, not followed. What is made is root's.</summary>
    public static SafeFileHandle EnsureExactDirectory(SafeFileHandle root, string path, TreeOwners owners = default)
    {
        using SafeFileHandle parent = EnsureParent(root, path, owners, out string name);
        FileType? type = TypeAt(parent, name);
        if (type != FileType.Directory)
        {
            Clear(parent, name, type);
            MakeDirectory(parent, name, made => SetRoot(made, owners));
        }

        return Files.Open(parent, name, OpenFlags.PathOnly | OpenFlags.Directory | OpenFlags.NoFollow);
    }

    /// <summary>Opens a regular file as a handle, making it or replacing what is there.</summary>
    public static SafeFileHandle EnsureExactFile(SafeFileHandle root, string path, TreeOwners owners = default)
    {
        using SafeFileHandle parent = EnsureParent(root, path, owners, out string name);
        FileType? type = TypeAt(parent, name);
        if (type != FileType.Regular)
        {
            Clear(parent, name, type);
            Files.MakeNode(parent, name, FileType.Regular, 0x1A4); // 0644
            using SafeFileHandle made = Files.Open(parent, name, OpenFlags.PathOnly | OpenFlags.NoFollow);
            SetRoot(made, owners);
        }

        return Files.Open(parent, name, OpenFlags.PathOnly | OpenFlags.NoFollow);
    }

    // What this process makes belongs to its own root, which only with plain owners is root of the tree too.
    private static void SetRoot(SafeFileHandle made, TreeOwners owners)
    {
        if (owners != default)
        {
            Files.SetOwner(made, default, owners.Outside(0), owners.Outside(0));
        }
    }

    private static SafeFileHandle EnsureParent(SafeFileHandle root, string path, TreeOwners owners, out string name)
    {
        string[] parts = Parts(path);
        if (parts.Length == 0)
        {
            throw new ArgumentException("the tree's root cannot be replaced", nameof(path));
        }

        name = parts[^1];
        return EnsureDirectory(root, parts.AsSpan(..^1), replace: true, made => SetRoot(made, owners));
    }

    private static SafeFileHandle MakeDirectory(
        SafeFileHandle parent, string name, Errno errno, bool replace, Action<SafeFileHandle>? onMade)
    {
        FileType? type = TypeAt(parent, name);
        if (errno is not (Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP) || (type is not null && !replace))
        {
            throw new KernelException("open directory", Descriptors.Describe(parent, name), errno);
        }

        Clear(parent, name, type);
        MakeDirectory(parent, name, onMade);
        return Files.Open(parent, name, OpenFlags.PathOnly | OpenFlags.Directory | OpenFlags.NoFollow);
    }

    private static void MakeDirectory(SafeFileHandle parent, string name, Action<SafeFileHandle>? onMade)
    {
        Files.MakeDirectory(parent, name, 0x1ED); // 0755
        using SafeFileHandle made = Files.Open(parent, name, OpenFlags.PathOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        // By descriptor, since the umask cut the mode and the name may mean something else by now.
        Files.SetMode(Descriptors.WorkingDirectory, Descriptors.PathOf(made), 0x1ED);
        onMade?.Invoke(made);
    }

    /// <summary>Takes the name away; a directory, which may hold much, is moved aside.</summary>
    private static void Clear(SafeFileHandle parent, string name, FileType? type)
    {
        switch (type)
        {
            case null:
                break;
            case FileType.Directory:
                Files.Rename(parent, name, parent, $"{name}.replaced-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
                break;
            default:
                Files.Unlink(parent, name);
                break;
        }
    }

    private static FileType? TypeAt(SafeFileHandle parent, string name) =>
        Files.TryStat(parent, name, out Errno errno) is FileStatus status
            ? status.Type
            : errno == Errno.ENOENT ? null : throw new KernelException("stat", name, errno);
}
