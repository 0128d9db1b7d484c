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
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<(ulong Device, ulong Inode), KernelPath> _linked = [];
    private readonly List<ArchivedDirectory> _levels = [];

    private TreeArchiver(Stream output, CancellationToken cancellationToken)
    {
        _output = new TarOutput(output, cancellationToken);
        _cancellationToken = cancellationToken;
    }

    private long LeftOut { get; set; }

    private long Members { get; set; }

    private long Bytes { get; set; }

    /// <summary>Writes it all.</summary>
    /// <param name="top">What to write, as a handle.</param>
    /// <param name="isRoot">Whether it is the tree's root: /proc, /sys and /dev are then left out.</param>
    /// <param name="name">Its name in the archive.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">Ends it in the middle.</param>
    public static async Task<TreeArchiveSummary> RunAsync(
        SafeFileHandle top, bool isRoot, KernelPath name, Stream output, CancellationToken cancellationToken)
    {
        var archiver = new TreeArchiver(output, cancellationToken);
        try
        {
            await archiver.AddAsync(top, default, name);
            while (archiver._levels.Count > 0)
            {
                await archiver.StepAsync(top, isRoot);
            }
        }
        finally
        {
            archiver._levels.ForEach(level => level.Dispose());
        }

        await archiver._output.EndAsync();
        return new TreeArchiveSummary(archiver.Members, archiver.Bytes, archiver.LeftOut);
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

        if (isRoot && _levels.Count == 1 && TreePlace.IsKernels(entry.Name))
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
            await AddAsync(handle, level.Path.Join(entry.Name), level.Name.Join(entry.Name));
        }
        catch (KernelException ex) when (ex.Errno is Errno.ENOENT or Errno.ESTALE)
        {
            // Removed in this moment. Only a directory has its header by then, and that may stand alone.
        }
    }

    private async ValueTask AddAsync(SafeFileHandle handle, KernelPath path, KernelPath name)
    {
        FileStatus status = Files.Stat(handle);
        var member = new TarMember
        {
            Kind = TarKind.File, Name = name, Mode = status.Mode, UserId = status.UserId, GroupId = status.GroupId, Modified = status.ModifyTime,
        };
        if (path.Bytes.Length > MaxPath)
        {
            LeftOut++;
            return;
        }

        switch (status.Type)
        {
            case FileType.Directory:
                await AddDirectoryAsync(handle, path, member);
                break;
            case FileType.Regular:
                await AddFileAsync(handle, status, member);
                break;
            case FileType.SymbolicLink:
                Members++;
                await _output.MemberAsync(member with { Kind = TarKind.SymbolicLink, Mode = 0x1FF, Target = Files.ReadLink(handle, default) });
                break;
            default:
                LeftOut++; // a device, a FIFO, a socket
                break;
        }
    }

    private async ValueTask AddDirectoryAsync(SafeFileHandle handle, KernelPath path, TarMember member)
    {
        Members++;
        await _output.MemberAsync(member with { Kind = TarKind.Directory, Name = KernelPath.FromBytes([.. member.Name.Bytes, (byte)'/']) });
        _levels.Add(ArchivedDirectory.Open(handle, path, member.Name));
        if (_levels.Count > MaxOpen)
        {
            _levels[^(MaxOpen + 1)].Close();
        }
    }

    private async ValueTask AddFileAsync(SafeFileHandle handle, FileStatus status, TarMember member)
    {
        if (status.Links > 1)
        {
            if (_linked.TryGetValue((status.Device, status.Inode), out KernelPath first))
            {
                Members++;
                await _output.MemberAsync(member with { Kind = TarKind.HardLink, Target = first });
                return;
            }
        }

        using SafeFileHandle? file = TryReopen(handle);
        if (file is null)
        {
            LeftOut++;
            return;
        }

        if (status.Links > 1 && _linked.Count < MaxLinked)
        {
            _linked[(status.Device, status.Inode)] = member.Name;
        }

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
