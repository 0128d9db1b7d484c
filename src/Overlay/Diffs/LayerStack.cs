using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Where in its layers a path of an overlay comes from, found as the kernel finds it (ovl_lookup, fs/overlayfs/namei.c): whiteouts,
/// opaque directories and redirects, relative and absolute.
/// </summary>
internal sealed class LayerStack : IDisposable
{
    private const int MostKnown = 4096;

    private readonly List<SafeFileHandle> _layers = [];
    private readonly Dictionary<KernelPath, List<Member>> _known = [];

    private LayerStack()
    {
    }

    /// <summary>Opens the layers, uppermost first.</summary>
    /// <exception cref="KernelException">One has gone.</exception>
    public static LayerStack Open(IEnumerable<string> layers)
    {
        LayerStack stack = new();
        try
        {
            foreach (string layer in layers)
            {
                stack._layers.Add(Files.Open(layer, OpenFlags.PathOnly | OpenFlags.Directory));
            }

            return stack;
        }
        catch (KernelException)
        {
            stack.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Handles on what the path is made of: one for a file, one for each layer of a directory, uppermost first; none where nothing is
    /// there. The caller closes them.
    /// </summary>
    /// <param name="path">From the root on, without a slash at its beginning.</param>
    public List<SafeFileHandle> OpenAll(KernelPath path) =>
        [.. Find(path, 0).Select(member => TryOpen(member)).OfType<SafeFileHandle>()];

    public void Dispose() => _layers.ForEach(layer => layer.Dispose());

    private SafeFileHandle? TryOpen(Member member) => TreePlace.TryOpenBelow(
        _layers[member.Layer], member.Path, OpenFlags.PathOnly | OpenFlags.NoFollow);

    // In the layers from one on, as if those above were not there.
    private List<Member> Find(KernelPath path, int first)
    {
        if (path.IsEmpty)
        {
            return [.. Enumerable.Range(first, _layers.Count - first).Select(layer => new Member(layer, default))];
        }

        if (first == 0 && _known.TryGetValue(path, out List<Member>? known))
        {
            return known;
        }

        int slash = path.Bytes.LastIndexOf((byte)'/');
        List<Member> parents = Find(slash < 0 ? default : KernelPath.FromBytes(path.Bytes[..slash]), first);
        List<Member> found = Look(parents, KernelPath.FromBytes(path.Bytes[(slash + 1)..]));
        if (first == 0)
        {
            if (_known.Count >= MostKnown)
            {
                _known.Clear();
            }

            _known[path] = found;
        }

        return found;
    }

    private List<Member> Look(List<Member> parents, KernelPath name)
    {
        List<Member> found = [];
        foreach (Member parent in parents)
        {
            Member member = new(parent.Layer, parent.Path.Join(name));
            using SafeFileHandle? handle = TryOpen(member);
            if (handle is null)
            {
                continue;
            }

            FileStatus status = Files.Stat(handle);
            if (status.Type != FileType.Directory)
            {
                return found.Count == 0 && !status.IsWhiteout ? [member] : found;
            }

            found.Add(member);
            if (OverlayMarks.IsOpaque(handle))
            {
                return found;
            }

            if (OverlayMarks.Redirect(handle) is not KernelPath redirect)
            {
                continue;
            }

            if (redirect.Bytes.StartsWith("/"u8))
            {
                found.AddRange(Find(KernelPath.FromBytes(redirect.Bytes[1..]), member.Layer + 1).Where(IsDirectory));
                return found;
            }

            name = redirect;
        }

        return found;
    }

    private bool IsDirectory(Member member)
    {
        using SafeFileHandle? handle = TryOpen(member);
        return handle is not null && Files.Stat(handle).Type == FileType.Directory;
    }

    private readonly record struct Member(int Layer, KernelPath Path);
}
