using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>One write of <see cref="TreeFile"/>.</summary>
internal sealed class TreeFileWriter : IDisposable
{
    private const int Piece = 256 * 1024;

    private readonly SafeFileHandle _root;
    private readonly string _path;
    private readonly TreeFileReplacement _how;
    private readonly DiskThread _disk = new();

    public TreeFileWriter(SafeFileHandle root, string path, TreeFileReplacement how) => (_root, _path, _how) = (root, path, how);

    public async Task<TreeFileWritten> RunAsync(Stream content, NewFileKind kind, CancellationToken cancellationToken)
    {
        using (FileDraft? draft = kind == NewFileKind.Best ? Begin() : Examined())
        {
            if (draft is not null)
            {
                await FillAsync(draft, content, cancellationToken);
                using IDisposable? turn = await EnterAsync(cancellationToken);
                return await _disk.RunAsync(() =>
                {
                    using TreeTarget target = TreeTarget.Ensure(_root, _path, _how);
                    return Publish(draft, target);
                });
            }
        }

        return await RunNamedAsync(content, cancellationToken);
    }

    public void Dispose() => _disk.Dispose();

    // The name is seen, also by snapshots: all of it in the turn.
    private async Task<TreeFileWritten> RunNamedAsync(Stream content, CancellationToken cancellationToken)
    {
        using IDisposable? turn = await EnterAsync(cancellationToken);
        using TreeTarget target = TreeTarget.Ensure(_root, _path, _how);
        using FileDraft draft = MakeNamed(target);
        await FillAsync(draft, content, cancellationToken);
        return await _disk.RunAsync(() => Publish(draft, target));
    }

    private FileDraft MakeNamed(TreeTarget target)
    {
        TemporaryName temporary = TemporaryName.For(target, _root, _how.Names);
        try
        {
            return FileDraft.Named(temporary);
        }
        catch (KernelException)
        {
            temporary.Dispose();
            throw;
        }
    }

    /// <summary>Refuses what can be refused before the content comes, and makes the file without a name on the filesystem that it will be on.</summary>
    private FileDraft? Begin()
    {
        using TreePlace place = TreePlace.Locate(_root, _path);
        if (place.Missing.Count > 0)
        {
            TreeTarget.CheckMissing(place, _path, _how);
            return FileDraft.TryUnnamed(place.Handle);
        }

        using TreeTarget target = TreeTarget.Ensure(_root, _path, _how);
        using SafeFileHandle? existing = OpenExisting(target, out _);
        return FileDraft.TryUnnamed(target.Directory);
    }

    private FileDraft? Examined()
    {
        Begin()?.Dispose();
        return null;
    }

    private async Task<IDisposable?> EnterAsync(CancellationToken cancellationToken) =>
        _how.Turn is null ? null : await _how.Turn(cancellationToken);

    private async Task FillAsync(FileDraft draft, Stream content, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            long size = 0;
            int count;
            do
            {
                count = await content.ReadAtLeastAsync(buffer.AsMemory(0, Piece), Piece, throwOnEndOfStream: false, cancellationToken);
                bool takesRoom = _how.Room is not null && !NewFile.IsHole(buffer.AsSpan(0, count));
                if (takesRoom)
                {
                    await _how.Room!.TakeAsync(count, cancellationToken);
                }

                await _disk.RunAsync(() => draft.Write(buffer.AsSpan(0, count), size));
                if (takesRoom && draft.IsNamed)
                {
                    _how.Room!.Place();
                }

                size += count;
            }
            while (count == Piece);

            await _disk.RunAsync(() => draft.Complete(size));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private TreeFileWritten Publish(FileDraft draft, TreeTarget target)
    {
        using SafeFileHandle? existing = OpenExisting(target, out FileStatus status);
        if (existing is not null)
        {
            draft.TakeAttributes(existing, status, _how);
        }
        else
        {
            draft.SetAttributes(_how);
        }

        if (existing is not null || !draft.TryLink(target.Directory, target.Name))
        {
            draft.Replace(target.Directory, target.Name, () => TemporaryName.For(target, _root, _how.Names));
        }

        target.Keep();
        _how.Room?.Place();
        FileStatus written = draft.Stat();
        draft.Complete(written.Size);
        return new TreeFileWritten(written.Size, existing is null) { Mode = written.Mode, UserId = written.UserId, GroupId = written.GroupId };
    }

    // By handle: a type seen by name may be another's a moment later.
    private SafeFileHandle? OpenExisting(TreeTarget target, out FileStatus status)
    {
        status = default;
        SafeFileHandle? existing = Files.TryOpen(
            target.Directory, target.Name, OpenFlags.PathOnly | OpenFlags.NoFollow, TreePlace.Inside, out Errno errno);
        if (existing is null)
        {
            return errno == Errno.ENOENT ? null : throw new KernelException("open", _path, errno);
        }

        try
        {
            status = Files.Stat(existing);
            if (status.Type == FileType.SymbolicLink)
            {
                throw new KernelException("open", _path, Errno.ELOOP);
            }

            TreeTarget.RefuseOthers(status.Type, _path);
            target.RefuseMount();
            return existing;
        }
        catch (IOException)
        {
            existing.Dispose();
            throw;
        }
    }
}
