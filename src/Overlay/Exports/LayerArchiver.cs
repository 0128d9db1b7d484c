using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Writes sealed upper directories as one layer of an image. The uppers say which paths the layer is about, the mounted tree what is
/// there. A directory that was renamed is written whole, for a layer has no word for that.
/// </summary>
/// <remarks>Constant memory: names are read as they come, and one that an upper layer has too is passed over in the lower ones.</remarks>
internal sealed class LayerArchiver : IDisposable
{
    private const OpenFlags PathOnly = OpenFlags.PathOnly | OpenFlags.NoFollow;

    private readonly SafeFileHandle _root;
    private readonly List<SafeFileHandle> _uppers = [];
    private readonly TarOutput _output;
    private readonly TreeArchiver _entries;
    private readonly CancellationToken _cancellationToken;
    private readonly List<LayerLevel> _levels = [];

    private LayerArchiver(SafeFileHandle root, Stream output, CancellationToken cancellationToken)
    {
        (_root, _cancellationToken) = (root, cancellationToken);
        _output = new TarOutput(output, cancellationToken);
        _entries = new TreeArchiver(_output, TreeContent.Layer, cancellationToken);
    }

    /// <summary>Writes the whole layer.</summary>
    /// <param name="root">The root of the mounted tree.</param>
    /// <param name="uppers">The sealed directories, uppermost first; at least one.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">Ends it in the middle.</param>
    /// <exception cref="TreeFileException"><see cref="TreeFailure.NotAllowed"/>: a name that a layer cannot hold.</exception>
    /// <exception cref="KernelException">A layer has gone, or cannot be read.</exception>
    public static async Task<TreeArchiveSummary> RunAsync(
        SafeFileHandle root, IReadOnlyList<string> uppers, Stream output, CancellationToken cancellationToken)
    {
        using var archiver = new LayerArchiver(root, output, cancellationToken);
        archiver._uppers.AddRange(uppers.Select(path => Files.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory)));
        await archiver._entries.AddAsync(root, default, ".");
        archiver.Enter(default, [.. Enumerable.Range(0, uppers.Count)], isOpaque: false);
        while (archiver._levels.Count > 0)
        {
            await archiver.StepAsync();
        }

        await archiver._output.EndAsync();
        return archiver._entries.Summary;
    }

    public void Dispose()
    {
        _levels.ForEach(level => level.Dispose());
        _uppers.ForEach(upper => upper.Dispose());
    }

    private async ValueTask StepAsync()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        LayerLevel level = _levels[^1];
        if (level.Next(_uppers) is not KernelPath name)
        {
            level.Dispose();
            _levels.RemoveAt(_levels.Count - 1);
            return;
        }

        KernelPath path = level.Path.Join(name);
        if ((level.Path.IsEmpty && TreePlace.IsKernels(name)) || level.Above.Any(upper => Files.TryStat(_uppers[upper], path, out _) is not null))
        {
            return;
        }

        using SafeFileHandle? found = Files.TryOpen(_root, path, PathOnly, TreePlace.Inside, out Errno errno);
        if (found is null && errno != Errno.ENOENT)
        {
            throw TreePlace.NotOpened(_root, path, errno);
        }

        if (found is null)
        {
            // An overlay lists a whiteout by its name where it hides nothing: in a directory that is merged with no other.
            if (!level.IsOpaque)
            {
                await _output.MemberAsync(LayerMarks.Deleted(level.Path, name));
            }
        }
        else if (await _entries.AddAsync(found, path, path))
        {
            await EnterAsync(found, path, level);
        }
    }

    private async ValueTask EnterAsync(SafeFileHandle directory, KernelPath path, LayerLevel parent)
    {
        List<int> parts = [];
        bool isOpaque = false;
        foreach (int upper in parent.Uppers)
        {
            using SafeFileHandle? part = TreePlace.TryOpenBelow(_uppers[upper], path, PathOnly);
            if (part is null)
            {
                continue;
            }

            // What is no directory hides all below it.
            if (Files.Stat(part).Type != FileType.Directory)
            {
                isOpaque = true;
                break;
            }

            IReadOnlyList<KeyValuePair<string, byte[]>> marks = ExtendedAttributes.Read(part, IsMark);
            if (marks.Any(mark => mark.Key == "trusted.overlay.redirect"))
            {
                await _output.MemberAsync(LayerMarks.Opaque(path));
                await _entries.AddBelowAsync(directory, isRoot: false, path);
                return;
            }

            parts.Add(upper);
            isOpaque = marks.Any(mark => mark.Value.AsSpan().SequenceEqual("y"u8));
            if (isOpaque)
            {
                break;
            }
        }

        if (isOpaque)
        {
            await _output.MemberAsync(LayerMarks.Opaque(path));
        }

        Enter(path, parts, isOpaque || parent.IsOpaque);
    }

    private void Enter(KernelPath path, IReadOnlyList<int> uppers, bool isOpaque)
    {
        _levels.Add(new LayerLevel(path, uppers, isOpaque));
        if (_levels.Count > TreeArchiver.MaxOpen)
        {
            _levels[^(TreeArchiver.MaxOpen + 1)].Close();
        }
    }

    private static bool IsMark(string attribute) => attribute is "trusted.overlay.opaque" or "trusted.overlay.redirect";
}
