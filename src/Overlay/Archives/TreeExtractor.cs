using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Writes the members of a tar archive below a directory of a tree. Files and links appear whole under their names or not
/// at all; directories are merged. A directory never takes the place of anything else, nor anything else that of a directory, and no
/// symbolic link is walked through.
/// </summary>
internal sealed class TreeExtractor : IDisposable
{
    /// <summary>Directories whose times are set when all is written; beyond that some are set earlier.</summary>
    private const int MaxPending = 65_536;

    private readonly TreePlace _base;
    private readonly TarInput _archive;
    private readonly NewFileKind _kind;
    private readonly TreeOwners _owners;
    private readonly IWriteRoom? _room;
    private readonly CancellationToken _cancellationToken;
    private readonly List<(KernelPath Path, FileTime Modified)> _pending = [];
    private SafeFileHandle? _parent;
    private KernelPath _parentPath;
    private long _files;
    private long _bytes;

    private TreeExtractor(TreePlace place, Stream archive, NewFileKind kind, TreeOwners owners, IWriteRoom? room, CancellationToken cancellationToken)
    {
        (_base, _kind, _owners, _room, _cancellationToken) = (place, kind, owners, room, cancellationToken);
        _archive = new TarInput(archive, cancellationToken);
    }

    /// <summary>Extracts all. What was written before a failure stays.</summary>
    /// <exception cref="TreeFileException">The archive or the tree is not as it must be; the entry is named.</exception>
    public static async Task<TreeExtraction> RunAsync(
        TreePlace place, Stream archive, NewFileKind kind, TreeOwners owners, IWriteRoom? room, CancellationToken cancellationToken)
    {
        using var extractor = new TreeExtractor(place, archive, kind, owners, room, cancellationToken);
        while (await extractor._archive.NextAsync() is TarMember member)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await extractor.PutAsync(member);
        }

        extractor.SetPendingTimes();
        await extractor._archive.DrainAsync();
        return new TreeExtraction(extractor._files, extractor._bytes);
    }

    public void Dispose() => _parent?.Dispose();

    private async ValueTask PutAsync(TarMember member)
    {
        string entry = member.Name.ToString();
        try
        {
            KernelPath[] parts = EntryPath.Parts(member.Name, entry);
            RefuseKernels(parts, entry);
            member = WithOwner(member, entry);
            if (parts.Length == 0)
            {
                PutBase(member, entry);
                return;
            }

            SafeFileHandle parent = Parent(parts.AsSpan(..^1), entry);
            if (member.Kind == TarKind.Directory)
            {
                PutDirectory(parent, parts, member, entry);
                return;
            }

            RefuseDirectory(parent, parts[^1], entry);
            switch (member.Kind)
            {
                case TarKind.File:
                    await PutFileAsync(parent, parts[^1], member);
                    break;
                case TarKind.SymbolicLink:
                    PutSymbolicLink(parent, parts[^1], member, entry);
                    break;
                case TarKind.HardLink:
                    PutHardLink(parent, parts[^1], member, entry);
                    break;
                default:
                    throw TreeFileException.Refused(entry, "devices and FIFOs are not made");
            }

            _files++;
        }
        catch (KernelException ex) when (TreeFileException.FromKernel(ex, entry) is TreeFileException known)
        {
            throw known;
        }
    }

    private TarMember WithOwner(TarMember member, string entry) => _owners.Has(member.UserId) && _owners.Has(member.GroupId)
        ? member with { UserId = _owners.Outside(member.UserId), GroupId = _owners.Outside(member.GroupId) }
        : throw TreeFileException.Refused(
            entry, $"its owner {member.UserId}:{member.GroupId} cannot be had in a sandbox with a user namespace, whose ids end at {_owners.Count - 1}");

    private void RefuseKernels(KernelPath[] parts, string entry)
    {
        if (_base.Parts.Count == 0 && parts.Length > 0 && TreePlace.IsKernels(parts[0]))
        {
            throw TreeFileException.Refused(entry, "it is at or under /proc, /sys or /dev");
        }
    }

    // '.' says how the directory was where the archive was made. One that was there before keeps its own ways.
    private void PutBase(TarMember member, string entry)
    {
        if (member.Kind != TarKind.Directory)
        {
            throw TreeFileException.Refused(entry, "it has no name");
        }

        if (_base.IsMade)
        {
            TreeDirectory.SetAttributes(_base.Handle, member.Mode, member.UserId, member.GroupId);
            _pending.Add((".", member.Modified));
        }
    }

    private void PutDirectory(SafeFileHandle parent, KernelPath[] parts, TarMember member, string entry)
    {
        using SafeFileHandle directory = EnsureDirectory(parent, parts[^1], entry);
        TreeDirectory.SetAttributes(directory, member.Mode, member.UserId, member.GroupId);
        _pending.Add((EntryPath.Join(parts), member.Modified));
        if (_pending.Count >= MaxPending)
        {
            SetPendingTimes();
        }
    }

    private async ValueTask PutFileAsync(SafeFileHandle parent, KernelPath name, TarMember member)
    {
        using NewFile file = NewFile.Open(parent, _kind);
        for (long offset = 0; offset < member.Size;)
        {
            ReadOnlyMemory<byte> piece = await _archive.DataAsync();
            if (_room is not null && !NewFile.IsHole(piece.Span))
            {
                await _room.TakeAsync(piece.Length, _cancellationToken);
            }

            file.Write(piece.Span, offset);
            offset += piece.Length;
            if (file.IsNamed)
            {
                _room?.Place();
            }
        }

        file.Publish(name, member);
        _room?.Place();
        _bytes += member.Size;
    }

    internal static void PutSymbolicLink(SafeFileHandle parent, KernelPath name, TarMember member, string entry)
    {
        if (member.Target.IsEmpty)
        {
            throw TreeFileException.Refused(entry, "it is a link to nothing");
        }

        KernelPath temporary = NewFile.TemporaryName();
        Files.MakeSymbolicLink(parent, temporary, member.Target);
        try
        {
            using SafeFileHandle link = Files.Open(parent, temporary, OpenFlags.PathOnly | OpenFlags.NoFollow, TreePlace.Inside);
            if (Files.Stat(link).Type != FileType.SymbolicLink)
            {
                throw new KernelException("open the link made at", entry, Errno.ESTALE);
            }

            Files.SetOwner(link, default, member.UserId, member.GroupId);
            Files.SetTimes(link, default, member.Modified, member.Modified);
            Files.Rename(parent, temporary, parent, name);
        }
        finally
        {
            NewFile.Forget(parent, temporary);
        }
    }

    private void PutHardLink(SafeFileHandle parent, KernelPath name, TarMember member, string entry)
    {
        string target = member.Target.ToString();
        KernelPath[] parts = EntryPath.Parts(member.Target, entry);
        RefuseKernels(parts, entry);
        if (parts.Length == 0)
        {
            throw TreeFileException.Refused(entry, "it is a link to nothing");
        }

        using SafeFileHandle? from = Files.TryOpen(
            _base.Handle, parts.Length == 1 ? "." : EntryPath.Join(parts.AsSpan(..^1)), OpenFlags.PathOnly | OpenFlags.Directory, TreePlace.Inside, out _);
        if (from is null || Files.TryStat(from, parts[^1], out _) is not FileStatus status)
        {
            throw TreeFileException.Refused(entry, $"it is a hard link to {target}, which is not there");
        }

        if (status.Type is not (FileType.Regular or FileType.SymbolicLink))
        {
            throw TreeFileException.Refused(entry, $"it is a hard link to {target}, which is no file");
        }

        // Renaming one name of a file over another does nothing and leaves both.
        KernelPath temporary = NewFile.TemporaryName();
        Files.Link(from, parts[^1], parent, temporary);
        try
        {
            Files.Rename(parent, temporary, parent, name);
        }
        finally
        {
            NewFile.Forget(parent, temporary);
        }
    }

    /// <summary>The directory that a member goes into; members before may have left it out.</summary>
    private SafeFileHandle Parent(ReadOnlySpan<KernelPath> parts, string entry)
    {
        if (parts.Length == 0)
        {
            return _base.Handle;
        }

        KernelPath path = EntryPath.Join(parts);
        if (_parent is not null && path == _parentPath)
        {
            return _parent;
        }

        SafeFileHandle? found = Files.TryOpen(_base.Handle, path, OpenFlags.PathOnly | OpenFlags.Directory, TreePlace.Inside, out _);
        found ??= MakeParents(parts, entry);
        _parent?.Dispose();
        (_parent, _parentPath) = (found, path);
        return found;
    }

    private SafeFileHandle MakeParents(ReadOnlySpan<KernelPath> parts, string entry)
    {
        SafeFileHandle current = Files.Open(_base.Handle, ".", OpenFlags.PathOnly | OpenFlags.Directory);
        foreach (KernelPath part in parts)
        {
            using SafeFileHandle parent = current;
            current = EnsureDirectory(parent, part, entry);
        }

        return current;
    }

    private SafeFileHandle EnsureDirectory(SafeFileHandle parent, KernelPath name, string entry)
    {
        const OpenFlags Flags = OpenFlags.PathOnly | OpenFlags.NoFollow;
        SafeFileHandle? there = Files.TryOpen(parent, name, Flags, TreePlace.Inside, out Errno errno);
        if (there is null && errno == Errno.ENOENT)
        {
            TreeDirectory.Make(parent, name, 0x1ED, _owners.Outside(0), _owners.Outside(0)); // 0755
            there = Files.Open(parent, name, Flags, TreePlace.Inside);
        }

        if (there is null)
        {
            throw new KernelException("open directory", entry, errno);
        }

        FileType type = Files.Stat(there).Type;
        if (type == FileType.Directory)
        {
            return there;
        }

        there.Dispose();
        string what = type == FileType.SymbolicLink ? "a symbolic link" : "something else";
        throw TreeFileException.Refused(entry, $"the archive has a directory where the sandbox has {what}, {name}");
    }

    // The rename would refuse, but only after all of the data has come.
    private static void RefuseDirectory(SafeFileHandle parent, KernelPath name, string entry)
    {
        if (Files.TryStat(parent, name, out _) is { Type: FileType.Directory })
        {
            throw TreeFileException.Refused(entry, "there is a directory in the sandbox");
        }
    }

    // Last of all and the deepest first: what is put into a directory changes its time.
    private void SetPendingTimes()
    {
        for (int i = _pending.Count - 1; i >= 0; i--)
        {
            (KernelPath path, FileTime modified) = _pending[i];
            using SafeFileHandle? directory = Files.TryOpen(_base.Handle, path, OpenFlags.PathOnly | OpenFlags.Directory, TreePlace.Inside, out _);
            if (directory is not null)
            {
                Files.SetTimes(directory, default, modified, modified);
            }
        }

        _pending.Clear();
    }
}
