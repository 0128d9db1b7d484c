using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>The layers of two trees above those that they have in common, as directories of the host.</summary>
internal sealed class DiffLayers : IDisposable
{
    private const OpenFlags OpenDirectory = OpenFlags.ReadOnly | OpenFlags.Directory;

    /// <summary>A change time is that of the last tick, and two clocks of the daemon read one behind the other.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(100);

    private readonly List<SafeFileHandle> _before = [];
    private readonly List<SafeFileHandle> _after = [];
    private readonly FileTime _heldStillSince;

    private DiffLayers(FileTime heldStillSince) => _heldStillSince = heldStillSince;

    /// <summary>Opens them.</summary>
    /// <exception cref="KernelException">One has gone.</exception>
    public static DiffLayers Open(TreeDiffSide before, TreeDiffSide after)
    {
        int common = before.Layers.Reverse().Zip(after.Layers.Reverse()).TakeWhile(pair => pair.First == pair.Second).Count();
        DateTimeOffset? first = before.SealedAt is null || after.SealedAt < before.SealedAt ? after.SealedAt : before.SealedAt;
        var layers = new DiffLayers(first is DateTimeOffset time ? FileTime.From(time - Margin) : default);
        try
        {
            layers._before.AddRange(before.Layers.SkipLast(common).Select(path => Files.Open(path, OpenDirectory)));
            layers._after.AddRange(after.Layers.SkipLast(common).Select(path => Files.Open(path, OpenDirectory)));
            return layers;
        }
        catch (KernelException)
        {
            layers.Dispose();
            throw;
        }
    }

    /// <summary>The directories of that path in these layers.</summary>
    public IReadOnlyList<SafeFileHandle> OpenAll(KernelPath path) =>
    [
        .. _before.Concat(_after)
            .Select(layer => TreePlace.TryOpenBelow(layer, path, OpenDirectory))
            .OfType<SafeFileHandle>(),
    ];

    /// <summary>
    /// Whether a directory of both trees may differ in names that these layers do not have: where one of them hides what is below it, or
    /// shows a directory that was elsewhere before.
    /// </summary>
    public static bool Rearranges(IReadOnlyList<SafeFileHandle> directories, KernelPath name)
    {
        foreach (SafeFileHandle directory in directories)
        {
            if (Files.TryStat(directory, name, out _) is FileStatus status && (status.Type != FileType.Directory || IsMarked(directory, name)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a name is one directory in all of these, one layer each of the two trees, and not another one that was put in its place.</summary>
    public static bool AreOne(IReadOnlyList<SafeFileHandle> directories, KernelPath name)
    {
        if (directories is not [var one, var other])
        {
            return false;
        }

        return Files.TryStat(one, name, out _) is { Type: FileType.Directory } a && Files.TryStat(other, name, out _) is { Type: FileType.Directory } b
            && a.Inode == b.Inode;
    }

    /// <summary>
    /// Whether a file is certainly the same in both trees: one file of the host's, or a copy of one that btrfs made, and
    /// that nobody has touched since before it was sealed.
    /// </summary>
    public bool IsSurelySame(KernelPath path)
    {
        if (Uppermost(_before, path) is not FileStatus a || Uppermost(_after, path) is not FileStatus b || a.Type != FileType.Regular || b.Type != FileType.Regular)
        {
            return false;
        }

        // A subvolume's snapshot keeps inode numbers, and is a device of its own.
        return a.Inode == b.Inode && (a.Device == b.Device
            || (a.ChangeTime == b.ChangeTime && a.ModifyTime == b.ModifyTime && a.Size == b.Size && a.ChangeTime < _heldStillSince));
    }

    public void Dispose()
    {
        _before.ForEach(layer => layer.Dispose());
        _after.ForEach(layer => layer.Dispose());
    }

    private static FileStatus? Uppermost(List<SafeFileHandle> layers, KernelPath path)
    {
        foreach (SafeFileHandle layer in layers)
        {
            using SafeFileHandle? found = TreePlace.TryOpenBelow(layer, path, OpenFlags.PathOnly | OpenFlags.NoFollow);
            if (found is not null)
            {
                return Files.Stat(found);
            }
        }

        return null;
    }

    private static bool IsMarked(SafeFileHandle directory, KernelPath name)
    {
        try
        {
            return ExtendedAttributes.Get(directory, name, "trusted.overlay.opaque") is not null
                || ExtendedAttributes.Get(directory, name, "trusted.overlay.redirect") is not null;
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOENT or Errno.ESTALE)
        {
            return true;
        }
    }
}
