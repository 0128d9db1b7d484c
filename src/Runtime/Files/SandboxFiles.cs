using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <inheritdoc cref="ISandboxFiles"/>
internal sealed partial class SandboxFiles : ISandboxFiles
{
    private readonly SandboxTable _table;
    private readonly SandboxStarter _starter;
    private readonly Execs _execs;
    private readonly RecordStore _records;
    private readonly FileWrites _writes;
    private readonly SnapshotTable _snapshots;
    private readonly SealedTrees _sealed;
    private readonly DiskLimits _limits;
    private readonly ILogger _logger;

    public SandboxFiles(SandboxParts parts, TreeMounter mounter)
    {
        (_table, _starter, _execs, _records, _writes, _logger) = (parts.Table, parts.Starter, parts.Execs, parts.Records, parts.FileWrites, parts.Logger);
        (_snapshots, _sealed, _limits) = (parts.Snapshots, new SealedTrees(parts, mounter), parts.DiskLimits);
    }

    /// <inheritdoc/>
    public Task<FileDetails> StatAsync(SandboxId id, string path, CancellationToken cancellationToken) => UseAsync(
        _table.Require(id), (slot, root, _) => Task.FromResult(Describe(TreeArchives.Stat(root, path, slot.Owners))), cancellationToken);

    /// <inheritdoc/>
    public async Task<ArchiveSent> ReadArchiveAsync(SandboxId id, string path, Stream output, CancellationToken cancellationToken)
    {
        TreeArchiveSummary sent = await UseAsync(
            _table.Require(id), (slot, root, token) => TreeArchives.ReadAsync(root, path, output, token, slot.Owners), cancellationToken);
        Read(_logger, id.ToString(), sent.Members, sent.Bytes, sent.LeftOut);
        return new ArchiveSent(sent.Members, sent.Bytes, sent.LeftOut);
    }

    /// <inheritdoc/>
    public async Task<ArchiveReceived> WriteArchiveAsync(SandboxId id, string path, Stream archive, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        using IDisposable turn = await entry.Turns.EnterAsync(id, "file copy", cancellationToken);
        TreeExtraction written = await _limits.WriteAsync(
            entry,
            (room, ending) => UseAsync(entry, (slot, root, token) => TreeArchives.WriteAsync(root, path, archive, token, slot.Owners, room), ending),
            cancellationToken);
        Written(_logger, id.ToString(), written.Files, written.Bytes);
        return new ArchiveReceived(written.Files, written.Bytes);
    }

    private async Task<T> UseAsync<T>(SandboxEntry entry, Func<Slot, SafeFileHandle, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        Slot slot = await _starter.EnsureRunningAsync(entry, cancellationToken);
        using IDisposable use = slot.Users.TryEnter() ?? throw Ended(entry);
        SafeFileHandle root = slot.Tree ?? throw Ended(entry);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, slot.Users.Ended);
        _execs.Touch(entry);
        try
        {
            return await work(slot, root, either.Token);
        }
        catch (OperationCanceledException) when (slot.Users.Ended.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Ended(entry);
        }
        catch (TreeFileException e)
        {
            throw Translate(_limits.IsAtLimit(entry, e) ? e.ForLimit() : e);
        }
        finally
        {
            _execs.Touch(entry);
        }
    }

    private static RuntimeException Ended(SandboxEntry entry) => entry.IsDeleted
        ? RuntimeException.NoSandbox(entry.Id)
        : new RuntimeException(ErrorKind.SandboxBusy, $"sandbox {entry.Id} ended or was rolled back while its files were being copied")
        {
            Hint = "send the request again",
        };

    private static RuntimeException NoUser(string user, string reason) =>
        RuntimeException.Invalid("user", $"bad request: user {user} is not known in the sandbox: {reason}");

    private static RuntimeException Translate(TreeFileException e, string pathField = "path")
    {
        (ErrorKind kind, string field) = e.Failure switch
        {
            TreeFailure.NotFound => (ErrorKind.NotFound, pathField),
            TreeFailure.NotAllowed => (ErrorKind.PathNotAllowed, e.Entry is null ? pathField : "body"),
            TreeFailure.BadArchive => (ErrorKind.InvalidArgument, "body"),
            TreeFailure.Full => (ErrorKind.DiskFull, ""),
            TreeFailure.Changed => (ErrorKind.SandboxBusy, ""),
            _ => throw new ArgumentOutOfRangeException(nameof(e), e.Failure, "a failure without a kind"),
        };
        Dictionary<string, object> details = [];
        if (field.Length > 0)
        {
            details["field"] = field;
        }

        if (e.Entry is string entry)
        {
            details["entry"] = entry;
        }

        return new RuntimeException(kind, e.Message, e.InnerException) { Details = details };
    }

    private static FileDetails Describe(TreeFileStatus found)
    {
        FileStatus status = found.Status;
        return new FileDetails
        {
            Kind = KindOf(status.Type),
            Size = status.Size,
            Mode = status.Mode,
            UserId = status.UserId,
            GroupId = status.GroupId,
            Modified = TimeOf(status.ModifyTime),
            Version = string.Create(
                CultureInfo.InvariantCulture, $"{status.Inode:x}-{status.Size:x}-{status.ModifyTime.Seconds:x}.{status.ModifyTime.Nanoseconds:x}-{status.ChangeTime.Seconds:x}.{status.ChangeTime.Nanoseconds:x}"),
            LinkTarget = found.LinkTarget?.ToString(),
        };
    }

    /// <summary>The word for callers.</summary>
    internal static string KindOf(FileType type) => type switch
    {
        FileType.Regular => "file",
        FileType.Directory => "dir",
        FileType.SymbolicLink => "symlink",
        _ => "other",
    };

    // A file may claim to be of any year.
    private static DateTimeOffset TimeOf(FileTime time) =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(time.Seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds() - 1))
            .AddTicks(time.Nanoseconds / 100);

    [LoggerMessage(EventId = 1450, EventName = "copy-out", Level = LogLevel.Information, Message = "Read {Members} members, {Bytes} bytes, out of {Sandbox}; {LeftOut} left out")]
    private static partial void Read(ILogger logger, string sandbox, long members, long bytes, long leftOut);

    [LoggerMessage(EventId = 1451, EventName = "copy-in", Level = LogLevel.Information, Message = "Wrote {Files} files, {Bytes} bytes, into {Sandbox}")]
    private static partial void Written(ILogger logger, string sandbox, long files, long bytes);
}
