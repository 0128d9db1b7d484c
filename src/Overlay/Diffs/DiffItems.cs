using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// The differences of a walk on their way to a page. Without renames no more are kept than the page holds. With them a deleted path
/// behind the cursor may still turn out to be an added one's old name, so those are kept too, as far as <see cref="DiffRenames"/> does.
/// </summary>
internal sealed class DiffItems
{
    private readonly TreeDiffQuery _query;
    private readonly DiffRenames? _renames;
    private readonly List<TreeDifference> _items = [];

    // Items that stay whatever is renamed: one more than the page holds says that there are more.
    private int _certain;
    private TreeDiffSummary _summary = new(0, 0, 0, 0);

    public DiffItems(TreeDiffQuery query, DiffRenames? renames) => (_query, _renames) = (query, renames);

    /// <summary>The next one, in the order of the paths' bytes.</summary>
    public void Add(TreeDifference found)
    {
        Count(found, 1);
        _renames?.Note(found);
        if (_certain <= _query.Limit && found.Path.Bytes.SequenceCompareTo(_query.After.Bytes) > 0)
        {
            _items.Add(found);
            _certain += _renames is { IsFull: false } && found.Change == TreeChange.Deleted ? 0 : 1;
        }
    }

    /// <summary>All were added.</summary>
    public TreeDiffPage Finish()
    {
        Dictionary<KernelPath, TreeDifference> renamed = _renames?.Match() ?? [];
        HashSet<KernelPath> gone = [.. renamed.Values.Select(old => old.Path)];
        List<TreeDifference> items = [];
        foreach (TreeDifference item in _items.Where(item => item.Change != TreeChange.Deleted || !gone.Contains(item.Path)))
        {
            items.Add(item.Change == TreeChange.Added && renamed.TryGetValue(item.Path, out TreeDifference? old)
                ? item with { Change = TreeChange.Renamed, Before = old.Before, From = old.Path }
                : item);
        }

        foreach ((KernelPath path, TreeDifference old) in renamed)
        {
            TreeDifference now = _renames!.Added(path);
            Count(old, -1);
            Count(now, -1);
            Count(now with { Change = TreeChange.Renamed, Before = old.Before }, 1);
        }

        return new TreeDiffPage([.. items.Take(_query.Limit)], items.Count > _query.Limit, _summary)
        {
            RenamesTruncated = _renames?.IsTruncated ?? false,
        };
    }

    private void Count(TreeDifference found, int by)
    {
        long grown = by * found switch
        {
            { After: { Type: FileType.Regular } now, Before: { Type: FileType.Regular } was } => Math.Max(0, now.Size - was.Size),
            { After: { Type: FileType.Regular } now } => now.Size,
            _ => 0,
        };
        _summary = found.Change switch
        {
            TreeChange.Added => _summary with { Added = _summary.Added + by, BytesAdded = _summary.BytesAdded + grown },
            TreeChange.Deleted => _summary with { Deleted = _summary.Deleted + by },
            TreeChange.Renamed => _summary with { Renamed = _summary.Renamed + by, BytesAdded = _summary.BytesAdded + grown },
            _ => _summary with { Modified = _summary.Modified + by, BytesAdded = _summary.BytesAdded + grown },
        };
    }
}
