using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.CodeWriting;

/// <summary>The part of a code write that changes the file: in the sandbox's turn, whole or not at all.</summary>
internal sealed partial class FileWriter
{
    /// <summary>The largest file that is edited, or kept to be put back.</summary>
    public const int LargestFile = 16 << 20;

    private const int MostLinks = 40;
    private const string Operation = "code write";

    private readonly SandboxStarter _starter;
    private readonly Execs _execs;
    private readonly RecordStore _records;
    private readonly FileWrites _writes;
    private readonly DiskLimits _limits;
    private readonly PendingReverts _reverts = new();
    private readonly ILogger _logger;

    public FileWriter(SandboxParts parts) => (_starter, _execs, _records, _writes, _limits, _logger) =
        (parts.Starter, parts.Execs, parts.Records, parts.FileWrites, parts.DiskLimits, parts.Logger);

    /// <summary>Writes the file.</summary>
    /// <returns>What was written, with the mark that <see cref="PutBackAsync"/> needs; or why nothing was.</returns>
    /// <exception cref="RuntimeException">As <see cref="ICodeWriter.WriteAsync"/>.</exception>
    public async Task<(WrittenFile? Written, PendingReverts.Mark? Mark, WriteFailure? Failure)> WriteAsync(
        SandboxEntry entry, CodeWriteSpec spec, TimeBudget budget)
    {
        using CancellationTokenSource limit = budget.Limit();
        try
        {
            using IDisposable turn = await entry.Turns.EnterAsync(entry.Id, Operation, limit.Token);
            WrittenFile written = await _limits.WriteAsync(
                entry, (room, ending) => UseAsync(entry, (root, token) => WriteAsync(entry, root, spec, room, token), ending), limit.Token);
            return (written, _reverts.Begin(entry.Id, spec.Path), null);
        }
        catch (WriteRefusedException refused)
        {
            return (null, null, refused.Failure);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return (null, null, WriteFailure.NothingWritten);
        }
    }

    /// <summary>Puts the old file back, or removes the new one where there was none.</summary>
    /// <returns>Null, or a sentence on why it was not done.</returns>
    public async Task<string?> PutBackAsync(SandboxEntry entry, SandboxFilePath path, WrittenFile written, PendingReverts.Mark mark)
    {
        try
        {
            using IDisposable turn = await entry.Turns.EnterAsync(entry.Id, Operation, CancellationToken.None);
            if (mark.IsOvertaken || entry.Record.Layer != written.Layer)
            {
                return mark.IsOvertaken ? "another call has written it meanwhile" : "the sandbox was rolled back meanwhile";
            }

            await UseAsync(entry, (root, _) => RestoreAsync(entry, root, path, written), CancellationToken.None);
            return null;
        }
        catch (Exception e) when (e is RuntimeException or WriteRefusedException)
        {
            return e.Message;
        }
    }

    /// <summary>The file's size now; null when there is no such file any more.</summary>
    public async Task<long?> SizeAsync(SandboxEntry entry, SandboxFilePath path)
    {
        try
        {
            return await UseAsync(
                entry,
                (root, _) =>
                {
                    using SafeFileHandle file = TreeFile.OpenRead(root, path.Text, out FileStatus status);
                    return Task.FromResult<long?>(status.Size);
                },
                CancellationToken.None);
        }
        catch (Exception e) when (e is RuntimeException or WriteRefusedException)
        {
            return null;
        }
    }

    private async Task<WrittenFile> WriteAsync(
        SandboxEntry entry, SafeFileHandle root, CodeWriteSpec spec, IWriteRoom? room, CancellationToken cancellationToken)
    {
        bool edits = spec.Edit is FileEdit.InContext;
        OldFile? old = Read(root, spec.Path, withContent: edits || spec.RevertsOnFailure, edits ? WriteFailure.TooLarge : WriteFailure.TooLargeToPutBack);
        (byte[] content, string? message) = Apply(spec, old);
        string? newName = old is null ? LinkEnd(root, spec.Path) : null;
        TreeFileReplacement how = OwnerOf(entry) with { MakeParents = !edits, Names = _writes.Of(entry.Id), Room = room };
        TreeFileWritten written;
        try
        {
            written = await TreeFile.ReplaceAsync(root, spec.Path.Text, new MemoryStream(content, writable: false), how, cancellationToken);
        }
        catch (TreeFileException e) when (e.Failure == TreeFailure.NotFound || (!edits && !HasParent(root, spec.Path)))
        {
            throw new WriteRefusedException(edits ? WriteFailure.FileNotFound : WriteFailure.NoParent, e);
        }

        Tell(entry, spec.Path, written.Bytes);
        return new WrittenFile(written.Bytes, message)
        {
            Layer = entry.Record.Layer, Before = spec.RevertsOnFailure ? old : null, NewName = newName,
        };
    }

    private async Task<bool> RestoreAsync(SandboxEntry entry, SafeFileHandle root, SandboxFilePath path, WrittenFile written)
    {
        if (written.Before is OldFile old)
        {
            TreeFileWritten restored = await TreeFile.ReplaceAsync(
                root,
                path.Text,
                new MemoryStream(old.Content, writable: false),
                new TreeFileReplacement
                {
                    UserId = old.UserId, GroupId = old.GroupId, Mode = old.Mode, ChangesOwner = true, Names = _writes.Of(entry.Id),
                },
                CancellationToken.None);
            Tell(entry, path, restored.Bytes);
            return true;
        }

        try
        {
            TreeFile.Remove(root, written.NewName ?? path.Text);
        }
        catch (TreeFileException e) when (e.Failure == TreeFailure.NotFound)
        {
            // A hook was quicker.
        }

        Tell(entry, path, null);
        return true;
    }

    private static (byte[] Content, string? Message) Apply(CodeWriteSpec spec, OldFile? old)
    {
        if (spec.Edit is not FileEdit.InContext { Edit: ContextEdit edit })
        {
            return (((FileEdit.Replace)spec.Edit).Content.ToArray(), null);
        }

        return (old is null ? null : edit.Apply(old.Content)) switch
        {
            null => throw new WriteRefusedException(WriteFailure.FileNotFound),
            ContextEditOutcome.Applied done => (
                done.File, $"context edit applied: file={spec.Path.Name} occurrence={done.Occurrence} matches={done.Matches}"),
            ContextEditOutcome.Unclear unclear => throw new WriteRefusedException(WriteFailure.Unclear(unclear)),
            _ => throw new WriteRefusedException(WriteFailure.NoMatch),
        };
    }

    // Null where there is none.
    private static OldFile? Read(SafeFileHandle root, SandboxFilePath path, bool withContent, WriteFailure tooLarge)
    {
        try
        {
            using SafeFileHandle file = TreeFile.OpenRead(root, path.Text, out FileStatus status);
            return new OldFile(withContent ? Content(file, status.Size, tooLarge) : [], status.Mode, status.UserId, status.GroupId);
        }
        catch (TreeFileException e) when (e.Failure == TreeFailure.NotFound)
        {
            return null;
        }
        catch (TreeFileException e) when (e.Failure == TreeFailure.NotAllowed)
        {
            throw new WriteRefusedException(WriteFailure.NotAFile, e);
        }
    }

    private static byte[] Content(SafeFileHandle file, long size, WriteFailure tooLarge)
    {
        // One byte more than is allowed tells of a file that grows meanwhile.
        byte[] content = new byte[Math.Min(size, LargestFile) + 1];
        int length = 0;
        int read;
        while (length < content.Length && (read = RandomAccess.Read(file, content.AsSpan(length), length)) > 0)
        {
            length += read;
            if (length == content.Length && length <= LargestFile)
            {
                Array.Resize(ref content, (int)Math.Min(2L * length, LargestFile + 1));
            }
        }

        return length <= LargestFile ? content[..length] : throw new WriteRefusedException(tooLarge);
    }

    // Links that lead to nothing are followed one by one: it is their end that a write makes, and that taking it back removes.
    private static string? LinkEnd(SafeFileHandle root, SandboxFilePath path)
    {
        string at = path.Text;
        for (int links = 0; links < MostLinks; links++)
        {
            try
            {
                if (TreeArchives.Stat(root, at).LinkTarget?.ToString() is not string target)
                {
                    return at;
                }

                at = target.StartsWith('/') ? target : $"{at[..(at.LastIndexOf('/') + 1)]}{target}";
            }
            catch (TreeFileException)
            {
                return at;
            }
        }

        return null;
    }

    private static bool HasParent(SafeFileHandle root, SandboxFilePath path)
    {
        try
        {
            return TreeArchives.Stat(root, path.Directory.TrimEnd('/') + "/").Status.Type == FileType.Directory;
        }
        catch (TreeFileException)
        {
            return false;
        }
    }

    private static TreeFileReplacement OwnerOf(SandboxEntry entry)
    {
        SandboxRecord record = entry.Record;
        string wanted = record.Sandbox.User ?? record.Settings.User ?? "0";
        return entry.Slot is Slot slot && SlotUsers.Find(slot, wanted, out _) is ResolvedUser user
            ? new TreeFileReplacement { UserId = slot.Owners.Outside(user.Uid), GroupId = slot.Owners.Outside(user.Gid) }
            : throw new WriteRefusedException(WriteFailure.NotWritten($"the sandbox's user {wanted} is not known in it"));
    }

    private async Task<T> UseAsync<T>(SandboxEntry entry, Func<SafeFileHandle, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        Slot slot = await _starter.EnsureRunningAsync(entry, cancellationToken);
        using IDisposable use = slot.Users.TryEnter() ?? throw Ended(entry);
        SafeFileHandle root = slot.Tree ?? throw Ended(entry);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, slot.Users.Ended);
        _execs.Touch(entry);
        try
        {
            return await work(root, either.Token);
        }
        catch (OperationCanceledException) when (slot.Users.Ended.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Ended(entry);
        }
        catch (TreeFileException e)
        {
            throw new WriteRefusedException(WriteFailure.NotWritten(e.Message), e);
        }
        catch (KernelException e)
        {
            Refused(_logger, entry.Id.ToString(), e);
            throw new WriteRefusedException(WriteFailure.NotWritten(KernelException.Describe(e.Errno)), e);
        }
        finally
        {
            _execs.Touch(entry);
        }
    }

    private static RuntimeException Ended(SandboxEntry entry) => entry.IsDeleted
        ? RuntimeException.NoSandbox(entry.Id)
        : new RuntimeException(ErrorKind.SandboxBusy, $"sandbox {entry.Id} ended or was rolled back while its file was being written")
        {
            Hint = "send the request again",
        };

    private void Tell(SandboxEntry entry, SandboxFilePath path, long? bytes) =>
        _records.AddEvent(EventDraft.File(entry.Record.Sandbox, path.Text, bytes));

    [LoggerMessage(EventId = 1530, EventName = "code-write", Level = LogLevel.Warning, Message = "The kernel refused to write a file in {Sandbox}")]
    private static partial void Refused(ILogger logger, string sandbox, Exception exception);
}
