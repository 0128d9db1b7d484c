using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Writes a file or a directory with all below it as a tar archive. Depth first; at most <see cref="MaxOpen"/> directories are open,
/// however deep the tree is. What vanishes meanwhile is left out; a file that shrinks is filled up with zeros to the size
/// announced, one that grows is cut there.
/// </summary>
internal sealed class TreeArchiver
{
    /// <summary>Directories kept open; those farther up are opened again when the walk comes back to them.</summary>
    internal const int MaxOpen = 32;

    /// <summary>Files with several names that are remembered, so that they stay one file; later ones are written again whole.</summary>
    private const int MaxLinked = 65_536;

    private const int MaxPath = 4095;

    private readonly TarOutput _output;
    private readonly TreeContent _content;
    private readonly TreeOwners _owners;
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<(ulong Device, ulong Inode), KernelPath> _linked = [];
    private readonly List<ArchivedDirectory> _levels = [];

    /// <param name="output">Where to; its end is the caller's to write.</param>
    /// <param name="content">What goes in.</param>
    /// <param name="cancellationToken">Ends it in the middle.</param>
    /// <param name="owners">How owners show in what is written.</param>
    public TreeArchiver(TarOutput output, TreeContent content, CancellationToken cancellationToken, TreeOwners owners = default) =>
        (_output, _content, _cancellationToken, _owners) = (output, content, cancellationToken, owners);

    /// <summary>What was written so far.</summary>
    public TreeArchiveSummary Summary => new(Members, Bytes, LeftOut);

    private long LeftOut { get; set; }

    private long Members { get; set; }

    private long Bytes { get; set; }

    /// <summary>Writes a whole archive of what a mounted tree has at a place.</summary>
    /// <param name="top">What to write, as a handle.</param>
    /// <param name="isRoot">Whether it is the tree's root: /proc, /sys and /dev are then left out, or empty.</param>
    /// <param name="name">Its name in the archive.</param>
    /// <param name="output">Where to.</param>
    /// <param name="content">What goes in.</param>
    /// <param name="cancellationToken">Ends it in the middle.</param>
    /// <param name="owners">How owners show in it.</param>
    public static async Task<TreeArchiveSummary> RunAsync(
        SafeFileHandle top, bool isRoot, KernelPath name, Stream output, TreeContent content, CancellationToken cancellationToken, TreeOwners owners = default)
    {
        var tar = new TarOutput(output, cancellationToken);
        var archiver = new TreeArchiver(tar, content, cancellationToken, owners);
        await archiver.AddTreeAsync(top, isRoot, name);
        await tar.EndAsync();
        return archiver.Summary;
    }

    /// <summary>Writes a file, or a directory with all below it.</summary>
    public async Task AddTreeAsync(SafeFileHandle top, bool isRoot, KernelPath name)
    {
        await AddAsync(top, default, name);
        if (Files.Stat(top).Type == FileType.Directory)
        {
            await AddBelowAsync(top, isRoot, name);
        }
    }

    /// <summary>Writes all below a directory whose own entry has been written.</summary>
    public async Task AddBelowAsync(SafeFileHandle top, bool isRoot, KernelPath name)
    {
        try
        {
            Enter(top, default, name);
            while (_levels.Count > 0)
            {
                await StepAsync(top, isRoot);
            }
        }
        finally
        {
            _levels.ForEach(level => level.Dispose());
            _levels.Clear();
        }
    }

    /// <summary>Writes one entry: of a directory only its own.</summary>
    /// <param name="handle">What to write.</param>
    /// <param name="path">From the top on, to see that it is not too long.</param>
    /// <param name="name">In the archive.</param>
    /// <returns>Whether it is a directory whose content can follow.</returns>
    public async ValueTask<bool> AddAsync(SafeFileHandle handle, KernelPath path, KernelPath name)
    {
        FileStatus status = _owners.Inside(Files.Stat(handle));
        if (path.Bytes.Length > MaxPath)
        {
            // Whoever exports a tree counts on all of it.
            LeftOut += _content == TreeContent.Files ? 1 : throw TreeFileException.NotAllowed($"/{path}", $"it is longer than {MaxPath} bytes");
            return false;
        }

        TarMember member = new()
        {
            Kind = TarKind.File, Name = name, Mode = status.Mode, UserId = status.UserId, GroupId = status.GroupId, Modified = status.ModifyTime,
        };
        if (_content != TreeContent.Files)
        {
            _content.Check(name);
            member = member with { Attributes = ExtendedAttributes.Read(handle, TreeContents.IsCarried) };
        }

        switch (status.Type)
        {
            case FileType.Directory:
                Members++;
                await _output.MemberAsync(member with { Kind = TarKind.Directory, Name = KernelPath.FromBytes([.. name.Bytes, (byte)'/']) });
                return true;
            case FileType.Regular:
                await AddFileAsync(handle, status, member);
                return false;
            case FileType.SymbolicLink:
                await AddMemberAsync(status, member with { Kind = TarKind.SymbolicLink, Mode = 0x1FF, Target = Files.ReadLink(handle, default) });
                return false;
            case FileType.Fifo or FileType.CharacterDevice or FileType.BlockDevice when _content != TreeContent.Files:
                await AddMemberAsync(status, member with { Kind = TarKind.Special, Node = status.Type, Device = status.SpecialDevice });
                return false;
            default:
                LeftOut++; // a socket, and where only files are wanted a device or FIFO
                return false;
        }
    }

    private async ValueTask StepAsync(SafeFileHandle top, bool isRoot)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        ArchivedDirectory level = _levels[^1];
        if (level.Next(top) is not DirectoryEntry entry)
        {
            level.Dispose();
            _levels.RemoveAt(_levels.Count - 1);
            return;
        }

        bool isKernels = isRoot && _levels.Count == 1 && TreePlace.IsKernels(entry.Name);
        if (isKernels && _content == TreeContent.Files)
        {
            return;
        }

        using SafeFileHandle? handle = level.TryOpen(entry.Name);
        if (handle is null)
        {
            return;
        }

        try
        {
            KernelPath path = level.Path.Join(entry.Name);
            KernelPath name = level.Name.Join(entry.Name);
            if (await AddAsync(handle, path, name) && !isKernels)
            {
                Enter(handle, path, name);
            }
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOENT or Errno.ESTALE)
        {
            // Removed in this moment. Only a directory has its header by then, and that may stand alone.
        }
    }

    private void Enter(SafeFileHandle handle, KernelPath path, KernelPath name)
    {
        _levels.Add(ArchivedDirectory.Open(handle, path, name));
        if (_levels.Count > MaxOpen)
        {
            _levels[^(MaxOpen + 1)].Close();
        }
    }

    // Of symbolic links and nodes with several names only whole trees keep that they are one.
    private async ValueTask AddMemberAsync(FileStatus status, TarMember member)
    {
        if (_content == TreeContent.Files || !await AddLinkAsync(status, member))
        {
            Members++;
            await _output.MemberAsync(member);
            Remember(status, member.Name);
        }
    }

    private async ValueTask<bool> AddLinkAsync(FileStatus status, TarMember member)
    {
        if (status.Links < 2 || !_linked.TryGetValue((status.Device, status.Inode), out KernelPath first))
        {
            return false;
        }

        Members++;
        await _output.MemberAsync(member with { Kind = TarKind.HardLink, Target = first, Attributes = [] });
        return true;
    }

    private void Remember(FileStatus status, KernelPath name)
    {
        if (status.Links > 1 && _linked.Count < MaxLinked)
        {
            _linked[(status.Device, status.Inode)] = name;
        }
    }

    private async ValueTask AddFileAsync(SafeFileHandle handle, FileStatus status, TarMember member)
    {
        if (await AddLinkAsync(status, member))
        {
            return;
        }

        using SafeFileHandle? file = TryReopen(handle);
        if (file is null)
        {
            LeftOut++;
            return;
        }

        Remember(status, member.Name);
        long size = Files.Stat(file).Size;
        Members++;
        Bytes += size;
        await _output.MemberAsync(member with { Size = size });
        for (long offset = 0; offset < size;)
        {
            Memory<byte> space = await _output.SpaceAsync();
            space = space[..(int)Math.Min(space.Length, size - offset)];
            int read = RandomAccess.Read(file, space.Span, offset);
            if (read == 0)
            {
                space.Span.Clear(); // it has become shorter
                read = space.Length;
            }

            _output.Advance(read);
            offset += read;
        }

        await _output.PadAsync(size);
    }

    // Somebody inside may hold a lease, for which an open would wait; a swap file is busy.
    private static SafeFileHandle? TryReopen(SafeFileHandle handle)
    {
        try
        {
            return Files.Reopen(handle, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
        }
        catch (KernelException ex) when (ex.Errno is Errno.EAGAIN or Errno.ETXTBSY or Errno.EPERM or Errno.EACCES or Errno.ENXIO or Errno.ESTALE)
        {
            return null;
        }
    }
}
