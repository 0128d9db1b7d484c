using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// A directory of the host at or below a root, held by a descriptor: what was checked is what is used, whatever the names mean later.
/// The kernel follows no link here (openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, part by part). Links are read and walked
/// inside the root only, absolute ones too where they begin with the root's own path; nothing outside of it is ever looked up, so a
/// tenant who may write below the root learns nothing about the rest of the host.
/// </summary>
public sealed class HostDirectory : IDisposable
{
    private const ResolveFlags Inside = ResolveFlags.Beneath | ResolveFlags.NoSymlinks | ResolveFlags.NoMagicLinks;
    private const OpenFlags Handles = OpenFlags.PathOnly | OpenFlags.Directory;
    private const int MaxLinks = 40;

    private HostDirectory(SafeFileHandle handle, string relativePath) => (Handle, RelativePath) = (handle, relativePath);

    /// <summary>Names the directory (<see cref="OpenFlags.PathOnly"/>).</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>From the root on, without links; empty for the root itself.</summary>
    public string RelativePath { get; }

    /// <summary>Opens a directory.</summary>
    /// <param name="root">Absolute path of the root; links in it are followed, since it is the operator's.</param>
    /// <param name="path">From the root on, without <c>.</c> and <c>..</c>; empty for the root itself.</param>
    /// <exception cref="HostPathException">It cannot be opened; see <see cref="HostPathException.Failure"/>.</exception>
    /// <exception cref="KernelException">The kernel refused for another reason.</exception>
    public static HostDirectory Open(string root, string path)
    {
        using SafeFileHandle top = OpenRoot(root, path);
        return new Walk(top, root, path).Run();
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();

    private static SafeFileHandle OpenRoot(string root, string path)
    {
        try
        {
            return Files.Open(root, Handles);
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP)
        {
            throw new HostPathException(HostPathFailure.NoRoot, root, path);
        }
    }

    private sealed class Walk
    {
        private readonly SafeFileHandle _top;
        private readonly string _root;
        private readonly string _path;
        private readonly Stack<KernelPath> _ahead = new();
        private readonly List<KernelPath> _done = [];
        private SafeFileHandle _current;
        private int _links;

        public Walk(SafeFileHandle top, string root, string path)
        {
            (_top, _root, _path) = (top, root, path);
            Push(Encoding.UTF8.GetBytes(path));
            _current = Files.Open(_top, ".", Handles);
        }

        public HostDirectory Run()
        {
            try
            {
                while (_ahead.TryPop(out KernelPath part))
                {
                    Step(part);
                }

                return Files.Stat(_current).Type == FileType.Directory
                    ? new HostDirectory(_current, Joined().ToString())
                    : throw Failed(HostPathFailure.NotDirectory);
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
                Up();
                return;
            }

            SafeFileHandle next = Files.TryOpen(_current, part, OpenFlags.PathOnly | OpenFlags.NoFollow, Inside, out Errno errno) ?? throw Refused(part, errno);
            if (Files.Stat(next).Type == FileType.SymbolicLink)
            {
                using (next)
                {
                    Follow(Files.ReadLink(next, default));
                }

                return;
            }

            Become(next);
            _done.Add(part);
        }

        private void Up()
        {
            if (_done.Count == 0)
            {
                throw Failed(HostPathFailure.Outside);
            }

            _done.RemoveAt(_done.Count - 1);
            KernelPath done = Joined();
            Become(Files.TryOpen(_top, done.IsEmpty ? "." : done, Handles, Inside, out _) ?? throw Failed(HostPathFailure.NotFound));
        }

        private void Follow(KernelPath target)
        {
            if (++_links > MaxLinks)
            {
                throw Failed(HostPathFailure.Outside);
            }

            ReadOnlySpan<byte> rest = target.Bytes;
            if (rest.StartsWith("/"u8))
            {
                ReadOnlySpan<byte> root = Encoding.UTF8.GetBytes(_root.TrimEnd('/'));
                if (!rest.StartsWith(root) || (rest.Length > root.Length && rest[root.Length] != (byte)'/'))
                {
                    throw Failed(HostPathFailure.Outside);
                }

                _done.Clear();
                Become(Files.Open(_top, ".", Handles));
                rest = rest[root.Length..];
            }

            Push(rest);
        }

        private void Push(ReadOnlySpan<byte> path)
        {
            var parts = new List<KernelPath>();
            foreach (Range part in path.Split((byte)'/'))
            {
                if (part.End.Value > part.Start.Value)
                {
                    parts.Add(KernelPath.FromBytes(path[part]));
                }
            }

            for (int i = parts.Count - 1; i >= 0; i--)
            {
                _ahead.Push(parts[i]);
            }
        }

        private IOException Refused(KernelPath part, Errno errno) => errno switch
        {
            Errno.ENOENT or Errno.ENAMETOOLONG => Failed(HostPathFailure.NotFound),
            Errno.ENOTDIR => Failed(HostPathFailure.NotDirectory),
            _ => new KernelException("open", Descriptors.Describe(_current, part), errno),
        };

        private HostPathException Failed(HostPathFailure failure) => new(failure, _root, _path);

        private void Become(SafeFileHandle next)
        {
            _current.Dispose();
            _current = next;
        }

        private KernelPath Joined() => _done.Aggregate(default(KernelPath), (path, name) => path.Join(name));
    }
}
