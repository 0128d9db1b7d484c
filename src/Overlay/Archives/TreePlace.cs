using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// What a path of a tree names, found part by part below the tree's root. The kernel follows no link here: links are read
/// and walked from the root on, so that it is known where the walk goes. It never leaves the root, and never enters what the kernel
/// shows of itself (/proc, /sys, /dev), whoever changes the tree meanwhile.
/// </summary>
internal sealed class TreePlace : IDisposable
{
    /// <summary>How names below an open directory are opened: not through links, not out.</summary>
    public const ResolveFlags Inside = ResolveFlags.Beneath | ResolveFlags.NoSymlinks | ResolveFlags.NoMagicLinks;

    private const int LongestPath = 4096;
    private const int MaxLinks = 40;
    private const int DirectoryMode = 0x1ED; // 0755

    private TreePlace(SafeFileHandle handle, IReadOnlyList<KernelPath> parts, IReadOnlyList<KernelPath> missing, bool isMade) =>
        (Handle, Parts, Missing, IsMade) = (handle, parts, missing, isMade);

    /// <summary>A handle that names it (<see cref="OpenFlags.PathOnly"/>).</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>The names from the root on, without links, as they were while walking; empty for the root.</summary>
    public IReadOnlyList<KernelPath> Parts { get; }

    /// <summary>Where <see cref="Locate"/> found only a beginning of the path: the names that are not there.</summary>
    public IReadOnlyList<KernelPath> Missing { get; }

    /// <summary>Whether the last directory had to be made.</summary>
    public bool IsMade { get; }

    /// <summary>
    /// Opens what is below an open directory; null where nothing is, or where a part of the path is no directory. Any other refusal is an error: of it nothing
    /// can be concluded about the tree.
    /// </summary>
    /// <param name="directory">Where the path begins.</param>
    /// <param name="path">Empty: the directory itself.</param>
    /// <param name="flags">How.</param>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotAllowed"/>: the path is longer than the kernel takes (PATH_MAX, 4096 bytes with its end).</exception>
    /// <exception cref="KernelException">Another refusal, as too many open files or an error of the disk.</exception>
    public static SafeFileHandle? TryOpenBelow(SafeFileHandle directory, KernelPath path, OpenFlags flags)
    {
        SafeFileHandle? found = Files.TryOpen(directory, path.IsEmpty ? "." : path, flags, Inside, out Errno errno);
        return found ?? errno switch
        {
            Errno.ENOENT or Errno.ESTALE or Errno.ENOTDIR or Errno.ELOOP => null,

            // A name of more than 255 bytes is nowhere.
            Errno.ENAMETOOLONG when path.Bytes.Length < LongestPath => null,
            _ => throw NotOpened(directory, path, errno),
        };
    }

    /// <summary>The error for a path below a directory that the kernel did not open.</summary>
    public static IOException NotOpened(SafeFileHandle directory, KernelPath path, Errno errno) =>
        errno == Errno.ENAMETOOLONG && path.Bytes.Length >= LongestPath
            ? TreeFileException.NotAllowed(path.ToString(), $"it is {path.Bytes.Length} bytes long, and the kernel opens at most {LongestPath - 1}")
            : new KernelException("open", Descriptors.Describe(directory, path), errno);

    /// <summary>Whether a name in the root belongs to the kernel.</summary>
    public static bool IsKernels(KernelPath name) => name.Bytes is var n && (n.SequenceEqual("proc"u8) || n.SequenceEqual("sys"u8) || n.SequenceEqual("dev"u8));

    /// <summary>Finds what is there. A link in the last part is followed only if a slash stands behind it.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotFound"/>, <see cref="TreeFailure.NotAllowed"/>.</exception>
    public static TreePlace Find(SafeFileHandle root, string path) => new Walk(root, path, WalkEnd.AsFound, default).Run();

    /// <summary>Finds a directory, through links too, and makes what is missing: root's, mode 0755.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotAllowed"/>, <see cref="TreeFailure.Full"/>.</exception>
    public static TreePlace EnsureDirectory(SafeFileHandle root, string path, TreeOwners owners) => new Walk(root, path + "/", WalkEnd.Make, owners).Run();

    /// <summary>Finds a file, through links too, or the last directory on the way to it: see <see cref="Missing"/>. Makes nothing.</summary>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotFound"/>, <see cref="TreeFailure.NotAllowed"/>.</exception>
    public static TreePlace Locate(SafeFileHandle root, string path) => new Walk(root, path, WalkEnd.Locate, default).Run();

    public void Dispose() => Handle.Dispose();

    /// <summary>The path's own parts, with <c>.</c> and <c>..</c>; a slash at the end counts as <c>.</c>.</summary>
    private static List<KernelPath> Split(ReadOnlySpan<byte> path)
    {
        var parts = new List<KernelPath>();
        foreach (Range part in path.Split((byte)'/'))
        {
            if (part.End.Value > part.Start.Value)
            {
                parts.Add(KernelPath.FromBytes(path[part]));
            }
        }

        if (path.EndsWith("/"u8))
        {
            parts.Add(".");
        }

        return parts;
    }

    private enum WalkEnd
    {
        /// <summary>The last part may be a link; all must be there.</summary>
        AsFound,

        /// <summary>What is missing is made.</summary>
        Make,

        /// <summary>Links are followed everywhere; what is missing is told.</summary>
        Locate,
    }

    private sealed class Walk
    {
        private readonly SafeFileHandle _root;
        private readonly string _path;
        private readonly WalkEnd _end;
        private readonly TreeOwners _owners;
        private readonly Stack<KernelPath> _ahead = new();
        private readonly List<KernelPath> _done = [];
        private readonly List<KernelPath> _missing = [];
        private SafeFileHandle _current;
        private int _links;
        private bool _isMade;

        public Walk(SafeFileHandle root, string path, WalkEnd end, TreeOwners owners)
        {
            (_root, _path, _end, _owners) = (root, path.Length > 1 ? path.TrimEnd('/') : path, end, owners);
            Push(Split(Encoding.UTF8.GetBytes(path)));
            _current = OpenRoot();
        }

        public TreePlace Run()
        {
            try
            {
                while (_ahead.TryPop(out KernelPath part))
                {
                    Step(part);
                }

                return new TreePlace(_current, _done, _missing, _isMade);
            }
            catch (Exception)
            {
                _current.Dispose();
                throw;
            }
        }

        private void Step(KernelPath part)
        {
            if (part == ".")
            {
                return;
            }

            if (part == "..")
            {
                _done.RemoveRange(Math.Max(_done.Count - 1, 0), Math.Min(_done.Count, 1));
                Become(Reopen());
                return;
            }

            if (_done.Count == 0 && IsKernels(part))
            {
                throw TreeFileException.NotAllowed(_path, "it leads to /proc, /sys or /dev", TreeObstacle.Kernels);
            }

            if (OpenNext(part) is not SafeFileHandle next)
            {
                _missing.Add(part);
                _missing.AddRange(_ahead);
                _ahead.Clear();
                return;
            }

            FileType type = Files.Stat(next).Type;
            if (type == FileType.SymbolicLink && (_ahead.Count > 0 || _end == WalkEnd.Locate))
            {
                using (next)
                {
                    Follow(Files.ReadLink(next, default));
                }

                return;
            }

            Become(next);
            _done.Add(part);
            if (type != FileType.Directory && _ahead.Count > 0)
            {
                throw _end == WalkEnd.Make
                    ? TreeFileException.NotAllowed(_path, "there is something in the sandbox that is no directory", TreeObstacle.NoDirectory)
                    : TreeFileException.NotFound(_path);
            }
        }

        private void Follow(KernelPath target)
        {
            if (++_links > MaxLinks)
            {
                throw TreeFileException.NotAllowed(_path, "too many symbolic links");
            }

            if (target.Bytes.StartsWith("/"u8))
            {
                _done.Clear();
                Become(OpenRoot());
            }

            Push(Split(target.Bytes));
        }

        // Null where something is missing that need not be there.
        private SafeFileHandle? OpenNext(KernelPath part)
        {
            const OpenFlags Flags = OpenFlags.PathOnly | OpenFlags.NoFollow;
            SafeFileHandle? next = Files.TryOpen(_current, part, Flags, Inside, out Errno errno);
            if (next is null && errno == Errno.ENOENT && _end == WalkEnd.Make)
            {
                TreeDirectory.Make(_current, part, DirectoryMode, _owners.Outside(0), _owners.Outside(0));
                _isMade = true;
                next = Files.TryOpen(_current, part, Flags, Inside, out errno);
            }

            if (next is null && errno == Errno.ENOENT && _end == WalkEnd.Locate)
            {
                return null;
            }

            return next ?? throw (errno == Errno.ENAMETOOLONG
                ? TreeFileException.NotAllowed(_path, "a name in it is too long for the file system")
                : TreeFileException.NotFound(_path));
        }

        private SafeFileHandle Reopen()
        {
            KernelPath done = _done.Aggregate(default(KernelPath), (path, name) => path.Join(name));
            return done.IsEmpty
                ? OpenRoot()
                : Files.TryOpen(_root, done, OpenFlags.PathOnly | OpenFlags.Directory, Inside, out _) ?? throw TreeFileException.NotFound(_path);
        }

        private SafeFileHandle OpenRoot() => Files.Open(_root, ".", OpenFlags.PathOnly | OpenFlags.Directory);

        private void Become(SafeFileHandle next)
        {
            _current.Dispose();
            _current = next;
        }

        private void Push(List<KernelPath> parts)
        {
            for (int i = parts.Count - 1; i >= 0; i--)
            {
                _ahead.Push(parts[i]);
            }
        }
    }
}
