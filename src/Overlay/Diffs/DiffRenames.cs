using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Finds which added path is a deleted one under a new name. Told by what the kernel keeps of a file: its inode (on btrfs, whose
/// snapshots keep inode numbers, with its time of birth), the lower file it was copied up from, the directories that a moved directory
/// stands on. Content is never looked at.
/// </summary>
internal sealed class DiffRenames : IDisposable
{
    /// <summary>With more added or more deleted paths than this, no renames are told.</summary>
    public const int Most = 100_000;

    private readonly LayerStack _beforeLayers;
    private readonly LayerStack _afterLayers;
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<KernelPath, TreeDifference> _added = [];
    private readonly List<TreeDifference> _deleted = [];
    private bool _hasAdded;
    private bool _hasDeleted;

    private DiffRenames(LayerStack before, LayerStack after, CancellationToken cancellationToken) =>
        (_beforeLayers, _afterLayers, _cancellationToken) = (before, after, cancellationToken);

    /// <summary>Whether there are too many to tell any.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Whether there may be renames that are not told.</summary>
    public bool IsTruncated => IsFull && _hasAdded && _hasDeleted;

    /// <summary>Opens the layers of both trees, uppermost first.</summary>
    /// <exception cref="KernelException">One has gone.</exception>
    public static DiffRenames Open(IReadOnlyList<string> before, IReadOnlyList<string> after, CancellationToken cancellationToken)
    {
        var one = LayerStack.Open(before);
        try
        {
            return new DiffRenames(one, LayerStack.Open(after), cancellationToken);
        }
        catch (KernelException)
        {
            one.Dispose();
            throw;
        }
    }

    /// <summary>Remembers what was added or deleted.</summary>
    public void Note(TreeDifference found)
    {
        _hasAdded |= found.Change == TreeChange.Added;
        _hasDeleted |= found.Change == TreeChange.Deleted;
        if (IsFull)
        {
            return;
        }

        if (found.Change == TreeChange.Added)
        {
            _added.Add(found.Path, found);
        }
        else if (found.Change == TreeChange.Deleted)
        {
            _deleted.Add(found);
        }

        if (_added.Count > Most || _deleted.Count > Most)
        {
            IsFull = true;
            _added.Clear();
            _deleted.Clear();
        }
    }

    /// <summary>What was added at a path.</summary>
    public TreeDifference Added(KernelPath path) => _added[path];

    /// <summary>For each new path that was another before: the deleted one. Each is one other's at most.</summary>
    public Dictionary<KernelPath, TreeDifference> Match()
    {
        Dictionary<KernelPath, TreeDifference> matched = [];
        if (_added.Count == 0 || _deleted.Count == 0)
        {
            return matched;
        }

        Dictionary<string, Queue<TreeDifference>> byIdentity = [];
        foreach (TreeDifference old in _deleted)
        {
            foreach (string identity in Identities(_beforeLayers, old.Path, old.Before!.Value))
            {
                (byIdentity.TryGetValue(identity, out Queue<TreeDifference>? queue) ? queue : byIdentity[identity] = new()).Enqueue(old);
            }
        }

        HashSet<KernelPath> taken = [];
        foreach (TreeDifference now in _added.Values)
        {
            foreach (string identity in Identities(_afterLayers, now.Path, now.After!.Value))
            {
                if (byIdentity.TryGetValue(identity, out Queue<TreeDifference>? queue) && Next(queue, taken) is TreeDifference old)
                {
                    matched[now.Path] = old;
                    break;
                }
            }
        }

        return matched;
    }

    private static TreeDifference? Next(Queue<TreeDifference> queue, HashSet<KernelPath> taken)
    {
        while (queue.TryDequeue(out TreeDifference? old))
        {
            if (taken.Add(old.Path))
            {
                return old;
            }
        }

        return null;
    }

    private List<string> Identities(LayerStack layers, KernelPath path, FileStatus seen)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        List<SafeFileHandle> parts = layers.OpenAll(KernelPath.FromBytes(path.Bytes[1..]));
        try
        {
            List<string> identities = [];
            foreach (SafeFileHandle part in parts)
            {
                FileStatus status = Files.Stat(part);
                if (identities.Count == 0 && !IsSame(status, seen))
                {
                    break; // the tree has changed meanwhile
                }

                Describe(part, status, identities);
            }

            return identities;
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOENT or Errno.ESTALE)
        {
            return [];
        }
        finally
        {
            parts.ForEach(part => part.Dispose());
        }
    }

    private static void Describe(SafeFileHandle part, FileStatus status, List<string> identities)
    {
        // A subvolume is a device of its own; what was copied from another with its inode number keeps its time of birth.
        string where = status.BirthTime is FileTime born && FileSystems.Stat(part).Magic == FileSystems.Btrfs
            ? string.Create(CultureInfo.InvariantCulture, $"btrfs {born.Seconds}.{born.Nanoseconds}")
            : status.Device.ToString(CultureInfo.InvariantCulture);
        string type = status.Type.ToString();
        identities.Add(string.Create(CultureInfo.InvariantCulture, $"{type} {where} {status.Inode}"));
        if (OverlayMarks.Origin(part) is byte[] origin)
        {
            identities.Add($"{type} handle {Convert.ToHexString(origin)}");
        }

        if (Files.TryGetHandle(part) is byte[] handle)
        {
            identities.Add($"{type} handle {Convert.ToHexString(handle)}");
        }
    }

    private static bool IsSame(FileStatus one, FileStatus other) =>
        (one.Type, one.Mode, one.UserId, one.GroupId, one.ModifyTime) == (other.Type, other.Mode, other.UserId, other.GroupId, other.ModifyTime)
        && (one.Type == FileType.Directory || (one.Size, one.ChangeTime) == (other.Size, other.ChangeTime));

    public void Dispose()
    {
        _beforeLayers.Dispose();
        _afterLayers.Dispose();
    }
}
