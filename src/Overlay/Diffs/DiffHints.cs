using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Where two trees can differ, as btrfs knows it: of two layers of which one was made from the other, or both from the same, it tells what has
/// changed in between without a look at the rest.
/// </summary>
internal sealed class DiffHints
{
    // Beyond that the walk is no dearer.
    private const int MostChanges = 20_000;

    private const OpenFlags OpenDirectory = OpenFlags.ReadOnly | OpenFlags.Directory;

    private static readonly KernelPath Upper = KernelPath.FromString("upper");

    private readonly HashSet<KernelPath> _changed = [];
    private readonly Dictionary<KernelPath, HashSet<KernelPath>> _below = [];

    private DiffHints()
    {
    }

    /// <summary>Asks btrfs. What is being written to is brought to the disk first.</summary>
    /// <returns>Null: it does not know, or it is too much.</returns>
    /// <exception cref="KernelException">A layer has gone, or cannot be read.</exception>
    public static DiffHints? Find(TreeDiffSide before, TreeDiffSide after, CancellationToken cancellationToken)
    {
        if (before.Layers.Count == 0 || !before.Layers.Skip(1).SequenceEqual(after.Layers.Skip(1)))
        {
            return null;
        }

        using SafeFileHandle one = Files.Open(before.Layers[0], OpenDirectory);
        using SafeFileHandle other = Files.Open(after.Layers[0], OpenDirectory);
        if (!IsUpperOfSubvolume(before.Layers[0]) || !IsUpperOfSubvolume(after.Layers[0])
            || Choose((BtrfsLineage.Read(one), before.SealedAt is not null), (BtrfsLineage.Read(other), after.SealedAt is not null)) is not (bool isAfter, ulong since))
        {
            return null;
        }

        (SafeFileHandle newer, bool isSealed) = isAfter ? (other, after.SealedAt is not null) : (one, before.SealedAt is not null);
        if (!isSealed)
        {
            FileSystems.Sync(newer);
        }

        return BtrfsChanges.Inodes(newer, since, MostChanges, cancellationToken) is IReadOnlyList<ulong> inodes ? Collect(newer, inodes, cancellationToken) : null;
    }

    /// <summary>Which of two layers has all that differs, and since which transaction. Null: they are not related so.</summary>
    /// <remarks>
    /// A sealed layer never changes; a live one does, and what was made from it has what it held then. One that came by <c>btrfs receive</c> was
    /// made from its parent first and then filled, so that it has more than that: only what was made from it in turn is told.
    /// </remarks>
    internal static (bool IsAfter, ulong Since)? Choose((BtrfsLineage Of, bool IsSealed) before, (BtrfsLineage Of, bool IsSealed) after)
    {
        if (after.Of.Id == before.Of.Id)
        {
            return null;
        }

        bool isAfterExact = after is { IsSealed: true, Of.IsReceived: false };
        bool isBeforeExact = before is { IsSealed: true, Of.IsReceived: false };
        if (after.Of.Parent == before.Of.Id && (before.IsSealed || isAfterExact))
        {
            return before.IsSealed ? (true, after.Of.Origin) : (false, after.Of.Origin);
        }

        if (before.Of.Parent == after.Of.Id && (after.IsSealed || isBeforeExact))
        {
            return after.IsSealed ? (false, before.Of.Origin) : (true, before.Of.Origin);
        }

        if (before.Of.Parent == after.Of.Parent && before.Of.Parent != Guid.Empty && isBeforeExact && isAfterExact)
        {
            return after.Of.Origin >= before.Of.Origin ? (true, before.Of.Origin) : (false, after.Of.Origin);
        }

        return null;
    }

    /// <summary>Whether names may have come to this directory or gone from it.</summary>
    public bool IsChanged(KernelPath directory) => _changed.Contains(directory);

    /// <summary>Names in this directory that have changed, or have something below them that has.</summary>
    public IReadOnlyCollection<KernelPath> Below(KernelPath directory) => _below.TryGetValue(directory, out HashSet<KernelPath>? names) ? names : [];

    // Of the copying drivers on a btrfs all layers lie in one subvolume, or in none of their own.
    private static bool IsUpperOfSubvolume(string layer)
    {
        if (Path.GetFileName(layer) != "upper" || Path.GetDirectoryName(layer) is not string directory)
        {
            return false;
        }

        using SafeFileHandle volume = Files.Open(directory, OpenDirectory);
        return BtrfsVolume.IsSubvolume(volume);
    }

    private static DiffHints? Collect(SafeFileHandle subvolume, IReadOnlyList<ulong> inodes, CancellationToken cancellationToken)
    {
        DiffHints hints = new();
        int left = MostChanges;
        foreach (ulong inode in inodes)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // A whiteout is one inode with a name for each file that was deleted.
            if (BtrfsNames.Of(subvolume, inode, left, cancellationToken) is not IReadOnlyList<KernelPath> paths)
            {
                return null;
            }

            left -= paths.Count;
            foreach (KernelPath path in paths)
            {
                hints.Add(path);
            }
        }

        return hints;
    }

    private void Add(KernelPath inSubvolume)
    {
        if (inSubvolume == Upper)
        {
            _changed.Add(default);
            return;
        }

        ReadOnlySpan<byte> bytes = inSubvolume.Bytes;
        if (!bytes.StartsWith("upper/"u8))
        {
            return;
        }

        KernelPath path = KernelPath.FromBytes(bytes["upper/"u8.Length..]);
        _changed.Add(path);
        while (!path.IsEmpty)
        {
            int slash = path.Bytes.LastIndexOf((byte)'/');
            KernelPath parent = slash < 0 ? default : KernelPath.FromBytes(path.Bytes[..slash]);
            if (!_below.TryGetValue(parent, out HashSet<KernelPath>? names))
            {
                _below[parent] = names = [];
            }

            if (!names.Add(slash < 0 ? path : KernelPath.FromBytes(path.Bytes[(slash + 1)..])))
            {
                return;
            }

            path = parent;
        }
    }
}
