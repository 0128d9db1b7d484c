using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// The walk of <see cref="TreeDiff"/>, in the order of the paths' bytes. Directories are opened by their path from the root, so few
/// descriptors are open however deep it is.
/// </summary>
internal sealed class DiffWalk
{
    private readonly DiffTree _before;
    private readonly DiffTree _after;
    private readonly DiffLayers _layers;
    private readonly DiffHints? _hints;
    private readonly TreeDiffQuery _query;
    private readonly CancellationToken _cancellationToken;
    private readonly DiffItems _items;

    /// <param name="before">The one tree.</param>
    /// <param name="after">The other.</param>
    /// <param name="layers">What they do not have in common.</param>
    /// <param name="hints">Where they can differ; null: everywhere.</param>
    /// <param name="query">What is wanted.</param>
    /// <param name="items">Where it goes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public DiffWalk(
        DiffTree before, DiffTree after, DiffLayers layers, DiffHints? hints, TreeDiffQuery query, DiffItems items, CancellationToken cancellationToken)
    {
        (_before, _after, _layers, _hints, _query, _items, _cancellationToken) = (before, after, layers, hints, query, items, cancellationToken);
    }

    public void Run()
    {
        if (_query.Prefix.Count == 0)
        {
            Compare(default, _before.RootStatus, _after.RootStatus, isPlain: true);
        }

        Visit(default, new Place(InBefore: true, InAfter: true, Whole: false, Hinted: _hints is not null), 0);
    }

    private void Visit(KernelPath path, Place place, int depth)
    {
        if (place.Hinted && !_hints!.IsChanged(path) && _hints.Below(path).Count == 0)
        {
            return;
        }

        List<Entry> entries = Read(path, place, depth);
        List<(Entry Entry, bool Below)> steps = [.. entries.Select(e => (e, false)), .. entries.Where(e => e.IsDirectory).Select(e => (e, true))];
        steps.Sort((x, y) => Order(x.Entry.Name, x.Below, y.Entry.Name, y.Below));
        foreach ((Entry entry, bool below) in steps)
        {
            KernelPath at = path.Join(entry.Name);
            if (below)
            {
                Visit(at, new Place(entry.Before is { Type: FileType.Directory }, entry.After is { Type: FileType.Directory }, entry.Whole, entry.Hinted), depth + 1);
            }
            else if (depth + 1 >= _query.Prefix.Count)
            {
                Compare(at, entry.Before, entry.After, isPlain: !place.Whole);
            }
        }
    }

    private List<Entry> Read(KernelPath path, Place place, int depth)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        using SafeFileHandle? before = place.InBefore ? _before.TryOpenDirectory(path) : null;
        using SafeFileHandle? after = place.InAfter ? _after.TryOpenDirectory(path) : null;
        IReadOnlyList<SafeFileHandle> layers = place.Whole ? [] : _layers.OpenAll(path);
        try
        {
            List<Entry> entries = [];
            bool some = place.Hinted && !_hints!.IsChanged(path);
            foreach (KernelPath name in some ? Hinted(path, depth) : Names(place.Whole ? [before, after] : [.. layers], depth))
            {
                if (path.IsEmpty && TreePlace.IsKernels(name))
                {
                    continue;
                }

                if (_before.TryStat(before, name, out FileStatus? was) && _after.TryStat(after, name, out FileStatus? now) && (was ?? now) is not null)
                {
                    bool both = was is { Type: FileType.Directory } && now is { Type: FileType.Directory };
                    bool whole = place.Whole || !both || DiffLayers.Rearranges(layers, name);
                    entries.Add(new Entry(name, was, now, whole, place.Hinted && !whole && DiffLayers.AreOne(layers, name)));
                }
            }

            return entries;
        }
        finally
        {
            foreach (SafeFileHandle layer in layers)
            {
                layer.Dispose();
            }
        }
    }

    private IReadOnlyCollection<KernelPath> Hinted(KernelPath path, int depth)
    {
        IReadOnlyCollection<KernelPath> names = _hints!.Below(path);
        return depth >= _query.Prefix.Count ? names : names.Contains(_query.Prefix[depth]) ? [_query.Prefix[depth]] : [];
    }

    private HashSet<KernelPath> Names(IReadOnlyList<SafeFileHandle?> directories, int depth)
    {
        if (depth < _query.Prefix.Count)
        {
            return [_query.Prefix[depth]];
        }

        HashSet<KernelPath> names = [];
        List<DirectoryEntry> batch = [];
        foreach (SafeFileHandle directory in directories.OfType<SafeFileHandle>())
        {
            while (DiffTree.ReadBatch(directory, batch))
            {
                names.UnionWith(batch.Select(entry => entry.Name));
                batch.Clear();
                _cancellationToken.ThrowIfCancellationRequested();
            }
        }

        return names;
    }

    private void Compare(KernelPath path, FileStatus? was, FileStatus? now, bool isPlain)
    {
        TreeChange? change = (was, now) switch
        {
            (null, _) => TreeChange.Added,
            (_, null) => TreeChange.Deleted,
            ({ Type: FileType a }, { Type: FileType b }) when a != b => TreeChange.TypeChanged,
            (FileStatus a, FileStatus b) => Differs(path, a, b, isPlain) ? TreeChange.Modified : null,
        };
        if (change is TreeChange found)
        {
            _items.Add(new TreeDifference(Absolute(path), found, was, now));
        }
    }

    private bool Differs(KernelPath path, FileStatus was, FileStatus now, bool isPlain)
    {
        if ((was.Mode, was.UserId, was.GroupId) != (now.Mode, now.UserId, now.GroupId))
        {
            return true;
        }

        return was.Type switch
        {
            FileType.Directory => false,
            FileType.SymbolicLink => _before.TryReadLink(path) != _after.TryReadLink(path),
            FileType.Regular => was.Size != now.Size
                || (was.Size > 0 && !(isPlain && _layers.IsSurelySame(path)) && !HaveSameBytes(path)),
            _ => was.SpecialDevice != now.SpecialDevice,
        };
    }

    private bool HaveSameBytes(KernelPath path)
    {
        using SafeFileHandle? before = _before.TryOpenFile(path);
        using SafeFileHandle? after = _after.TryOpenFile(path);
        return before is not null && after is not null && FileBytes.AreEqual(before, after, _cancellationToken);
    }

    private static KernelPath Absolute(KernelPath path)
    {
        byte[] bytes = new byte[path.Bytes.Length + 1];
        bytes[0] = (byte)'/';
        path.Bytes.CopyTo(bytes.AsSpan(1));
        return KernelPath.FromBytes(bytes);
    }

    // What is below a directory comes where the directory's name with a slash behind it would come.
    private static int Order(KernelPath x, bool xSlash, KernelPath y, bool ySlash)
    {
        ReadOnlySpan<byte> a = x.Bytes;
        ReadOnlySpan<byte> b = y.Bytes;
        int shared = a.CommonPrefixLength(b);
        return At(a, shared, xSlash).CompareTo(At(b, shared, ySlash));

        static int At(ReadOnlySpan<byte> name, int index, bool slash) => index < name.Length ? name[index] : slash ? '/' : -1;
    }

    private readonly record struct Place(bool InBefore, bool InAfter, bool Whole, bool Hinted);

    private sealed record Entry(KernelPath Name, FileStatus? Before, FileStatus? After, bool Whole, bool Hinted)
    {
        public bool IsDirectory => Before is { Type: FileType.Directory } || After is { Type: FileType.Directory };
    }
}
