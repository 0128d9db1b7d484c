using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <content>Single files and directories.</content>
internal sealed partial class SandboxFiles
{
    /// <inheritdoc/>
    public Task ReadAsync(SandboxId id, string path, Func<FileDetails, FilePart> choose, Stream output, CancellationToken cancellationToken) => UseAsync(
        _table.Require(id),
        async (slot, root, token) =>
        {
            using SafeFileHandle file = TreeFile.OpenRead(root, path, out FileStatus status);
            FilePart part = choose(Describe(new TreeFileStatus(slot.Owners.Inside(status), null)));
            await TreeFileReading.CopyAsync(file, part.From, part.Count, output, token);
            return part.Count;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task<FileWritten> WriteAsync(
        SandboxId id, string path, Stream content, int? mode, string? user, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        TreeFileWritten written = await _limits.WriteAsync(
            entry,
            (room, stop) => UseAsync(
                entry,
                async (slot, root, token) =>
                {
                    string owner = user ?? entry.Record.Sandbox.User ?? entry.Record.Settings.User ?? "0";
                    ResolvedUser resolved = SlotUsers.Find(slot, owner, out string reason) ?? throw NoUser(owner, reason);
                    TreeOwners owners = slot.Owners;
                    TreeFileWritten done = await TreeFile.ReplaceAsync(
                        root,
                        path,
                        content,
                        new TreeFileReplacement
                        {
                            UserId = owners.Outside(resolved.Uid), GroupId = owners.Outside(resolved.Gid), ChangesOwner = user is not null, Mode = mode,
                            MakeParents = true,
                            Names = _writes.Of(id),
                            Room = room,
                            Turn = ending => EnterAsync(entry, slot, "file write", ending),
                        },
                        token);
                    return done with { UserId = owners.Inside(done.UserId), GroupId = owners.Inside(done.GroupId) };
                },
                stop),
            cancellationToken);
        _records.AddEvent(EventDraft.File(entry.Record.Sandbox, path, written.Bytes));
        FileWritten(_logger, id.ToString(), written.Bytes);
        return new FileWritten(written.Bytes, written.Created, written.Mode, written.UserId, written.GroupId);
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(SandboxId id, string path, bool recursive, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        using (await entry.Turns.EnterAsync(id, "file removal", cancellationToken))
        {
            await UseAsync(
                entry,
                async (_, root, token) =>
                {
                    await TreeDirectories.RemoveAsync(root, path, recursive, token);
                    return true;
                },
                cancellationToken);
        }

        _records.AddEvent(EventDraft.File(entry.Record.Sandbox, path, null));
    }

    /// <inheritdoc/>
    public Task<FileList> ListAsync(SandboxId id, string path, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken) => UseAsync(
        _table.Require(id),
        (slot, root, token) => Task.Run(
            () =>
            {
                TreeListing listing = TreeDirectories.List(root, path, KernelPath.FromBytes(after.Span), limit, token);
                return new FileList(
                    [.. listing.Entries.Select(e => new FileListItem(e.Name.Bytes.ToArray(), Describe(e.Found with { Status = slot.Owners.Inside(e.Found.Status) })))],
                    listing.Next is KernelPath next ? next.Bytes.ToArray() : (ReadOnlyMemory<byte>?)null);
            },
            token),
        cancellationToken);

    // The tree must still be the sandbox's own: a rollback may have had its turn meanwhile.
    private static async Task<IDisposable> EnterAsync(SandboxEntry entry, Slot slot, string operation, CancellationToken cancellationToken)
    {
        IDisposable turn = await entry.Turns.EnterAsync(entry.Id, operation, cancellationToken);
        if (entry.Slot == slot && !slot.Users.Ended.IsCancellationRequested)
        {
            return turn;
        }

        turn.Dispose();
        throw Ended(entry);
    }

    [LoggerMessage(EventId = 1454, EventName = "write-file", Level = LogLevel.Information, Message = "Wrote a file of {Bytes} bytes in {Sandbox}")]
    private static partial void FileWritten(ILogger logger, string sandbox, long bytes);
}
