using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Copies an overlay's upper directory so that the copy can be a lower layer: whiteouts, opaque and renamed directories,
/// hard links, devices, FIFOs, sockets, holes, owners, modes, times and attributes. A socket is a name at which nobody
/// listens; left out, it would uncover what it hides in a layer below.
/// </summary>
/// <remarks>
/// Breadth first, each directory opened by its path from the top: two descriptors whatever the depth, and nothing is
/// recursive. A path longer than the kernel's 4096 bytes fails with ENAMETOOLONG.
/// </remarks>
internal sealed class UpperCopy
{
    private const ResolveFlags Inside = ResolveFlags.Beneath | ResolveFlags.NoSymlinks | ResolveFlags.NoMagicLinks;
    private const OpenFlags OpenDirectory = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoAccessTime;

    private readonly SafeFileHandle _source;
    private readonly SafeFileHandle _target;
    private readonly UpperCopyOptions _options;
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<ulong, KernelPath> _linked = [];
    private readonly List<(KernelPath Path, FileStatus Status)> _directories = [];

    private UpperCopy(
        SafeFileHandle source, SafeFileHandle target, UpperCopyOptions options, CancellationToken cancellationToken)
    {
        _source = source;
        _target = target;
        _options = options;
        _cancellationToken = cancellationToken;
    }

    public SealIndex Index { get; } = new();

    /// <summary>What the files take on the disk that are not shared with the last sealed layer.</summary>
    public long OwnBytes { get; private set; }

    /// <summary>Copies into an existing empty directory.</summary>
    public static UpperCopy Run(
        SafeFileHandle source, SafeFileHandle target, UpperCopyOptions options, CancellationToken cancellationToken)
    {
        var copy = new UpperCopy(source, target, options, cancellationToken);
        FileStatus top = Files.Stat(source);
        options.Look?.Add(default, top);
        copy._directories.Add((default, top));
        for (int next = 0; next < copy._directories.Count; next++)
        {
            copy.CopyDirectory(copy._directories[next].Path);
        }

        // Last, because putting something into a directory changes its time; the mode may forbid it, too.
        for (int last = copy._directories.Count - 1; last >= 0; last--)
        {
            copy.FinishDirectory(copy._directories[last].Path, copy._directories[last].Status);
        }

        return copy;
    }

    /// <summary>Copies owner, attributes, mode and times of one name to another.</summary>
    public static void CopyAttributes(
        SafeFileHandle from, KernelPath fromName, SafeFileHandle to, KernelPath toName, FileStatus status)
    {
        // In this order: a change of owner clears setuid bits and file capabilities.
        Files.SetOwner(to, toName, status.UserId, status.GroupId);
        foreach (string name in ExtendedAttributes.List(from, fromName))
        {
            if (!BelongsToTheOverlay(name) && ExtendedAttributes.Get(from, fromName, name) is byte[] value)
            {
                ExtendedAttributes.Set(to, toName, name, value);
            }
        }

        if (status.Type != FileType.SymbolicLink)
        {
            Files.SetMode(to, toName, status.Mode);
        }

        Files.SetTimes(to, toName, status.AccessTime, status.ModifyTime);
    }

    /// <summary>
    /// What ties an upper to its own lowers and mount. Not among them: opaque and redirect, which say what the layer means.
    /// </summary>
    private static bool BelongsToTheOverlay(string attribute) => attribute is
        "trusted.overlay.origin" or "trusted.overlay.impure" or "trusted.overlay.nlink" or "trusted.overlay.upper"
        or "trusted.overlay.uuid";

    private void CopyDirectory(KernelPath path)
    {
        using SafeFileHandle? source = OpenSource(path);
        if (source is null)
        {
            _options.Look?.Miss();
            return;
        }

        using SafeFileHandle target = Files.Open(_target, Here(path), OpenDirectory, Inside);
        var batch = new List<DirectoryEntry>();
        while (Files.ReadDirectoryBatch(source, batch))
        {
            foreach (DirectoryEntry entry in batch)
            {
                _cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    CopyEntry(source, target, path, entry.Name);
                }
                catch (KernelException ex) when (_options.SourceMayChange && MeansChanged(ex.Errno))
                {
                    // The sandbox runs: it removed or replaced the file meanwhile. The seal will look again.
                    _options.Look?.Miss();
                }
            }

            batch.Clear();
        }

        if (_options.SourceMayChange && Files.Stat(source).Links == 0)
        {
            // Removed while it was read, so names in it may have been missed.
            _options.Look?.Miss();
        }
    }

    private SafeFileHandle? OpenSource(KernelPath path)
    {
        SafeFileHandle? directory = Files.TryOpen(_source, Here(path), OpenDirectory, Inside, out Errno errno);
        return directory is not null || (_options.SourceMayChange && MeansChanged(errno))
            ? directory
            : throw new KernelException("open", Descriptors.Describe(_source, path), errno);
    }

    private void CopyEntry(SafeFileHandle source, SafeFileHandle target, KernelPath directory, KernelPath name)
    {
        FileStatus status = Files.Stat(source, name);
        KernelPath path = directory.Join(name);
        _options.Look?.Add(path, status);
        if (status.Type == FileType.Directory)
        {
            Files.MakeDirectory(target, name, 0x1C0); // 0700 until it is finished
            _directories.Add((path, status));
            return;
        }

        if (status.Links > 1 && _linked.TryGetValue(status.Inode, out KernelPath first))
        {
            Files.Link(_target, first, target, name);
            return;
        }

        if (!(status.Type == FileType.Regular && TryShare(status, target, name)))
        {
            Make(source, target, name, status);
        }

        if (status.Links > 1)
        {
            _linked[status.Inode] = path;
        }

        if (status.Type == FileType.Regular && status.ChangeTime < _options.TrustedBefore)
        {
            Index.Add(status, path);
        }
    }

    private bool TryShare(FileStatus status, SafeFileHandle target, KernelPath name)
    {
        foreach (SealedCopy copy in _options.Copies)
        {
            if (copy.Index.Find(status) is KernelPath present && TryLink(copy.Upper, present, target, name))
            {
                OwnBytes += copy.CountsAsOwn ? status.AllocatedBytes : 0;
                return true;
            }
        }

        return false;
    }

    private static bool TryLink(SafeFileHandle upper, KernelPath present, SafeFileHandle target, KernelPath name)
    {
        try
        {
            Files.Link(upper, present, target, name);
            return true;
        }
        catch (KernelException ex) when (ex.Errno is Errno.EMLINK or Errno.ENOENT)
        {
            // ext4 allows 65,000 names for one file; and what is not there cannot be shared.
            return false;
        }
    }

    private void Make(SafeFileHandle source, SafeFileHandle target, KernelPath name, FileStatus status)
    {
        switch (status.Type)
        {
            case FileType.Regular:
                CopyData(source, target, name, status);
                OwnBytes += status.AllocatedBytes;
                break;
            case FileType.SymbolicLink:
                Files.MakeSymbolicLink(target, name, Files.ReadLink(source, name));
                break;
            default:
                Files.MakeNode(target, name, status.Type, status.Mode, status.SpecialDevice);
                break;
        }

        try
        {
            CopyAttributes(source, name, target, name, status);
        }
        catch (KernelException ex) when (_options.SourceMayChange && MeansChanged(ex.Errno))
        {
            Files.Unlink(target, name);
            throw;
        }
    }

    private void CopyData(SafeFileHandle source, SafeFileHandle target, KernelPath name, FileStatus status)
    {
        using SafeFileHandle from = Files.Open(
            source, name, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.NoAccessTime);
        if (Files.Stat(from).Inode != status.Inode)
        {
            throw new KernelException("open the file seen before at", Descriptors.Describe(source, name), Errno.ESTALE);
        }

        using SafeFileHandle to = Files.Open(
            target, name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, 0x180); // 0600
        if (!(_options.Reflink && FileData.TryClone(from, to)))
        {
            FileData.CopySparse(from, to, _cancellationToken);
        }
    }

    private void FinishDirectory(KernelPath path, FileStatus status)
    {
        using SafeFileHandle? source = OpenSource(path);
        if (source is not null)
        {
            using SafeFileHandle target = Files.Open(_target, Here(path), OpenDirectory, Inside);
            CopyAttributes(source, ".", target, ".", status);
        }
    }

    private static KernelPath Here(KernelPath path) => path.IsEmpty ? "." : path;

    private static bool MeansChanged(Errno errno) =>
        errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP or Errno.ESTALE or Errno.EISDIR or Errno.ENXIO or Errno.EEXIST;
}

/// <summary>A sealed layer's upper directory whose files may be shared.</summary>
/// <param name="Upper">The directory.</param>
/// <param name="Index">What its files were copied from.</param>
/// <param name="CountsAsOwn">Whether its bytes belong to the layer being made, because it is only a preparation of it.</param>
internal sealed record SealedCopy(SafeFileHandle Upper, SealIndex Index, bool CountsAsOwn);

/// <summary>How to copy.</summary>
/// <param name="Reflink">Clone the data if the filesystem can.</param>
/// <param name="SourceMayChange">The sandbox runs: what vanishes on the way is left out.</param>
/// <param name="TrustedBefore">Files that changed since are not put into the index: see <see cref="SealIndex"/>.</param>
/// <param name="Copies">Copies to share files with, best first.</param>
/// <param name="Look">Is told how each file looked before it was copied; null: nobody asks.</param>
internal sealed record UpperCopyOptions(
    bool Reflink, bool SourceMayChange, FileTime TrustedBefore, IReadOnlyList<SealedCopy> Copies, UpperLook.Builder? Look = null);
