using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <content>Single paths out of a snapshot.</content>
internal sealed partial class SandboxFiles
{
    /// <inheritdoc/>
    public async Task<FilesRestored> RestoreAsync(
        SandboxId id, Snapshot from, IReadOnlyList<string> paths, bool deleteAdded, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        PhaseClock clock = new();
        using IDisposable turn = await entry.Turns.EnterAsync(id, "restore", cancellationToken);
        // Both trees show their owners in the same way, so that they can be carried over as they are.
        Slot running = await _starter.EnsureRunningAsync(entry, cancellationToken);
        using SealedTree snapshot = await OpenAsync(entry, from, running.OwnerMap, cancellationToken);
        IReadOnlyList<RestoredPath> done = await _limits.WriteAsync(
            entry,
            (_, ending) => UseAsync(
                entry,
                (_, root, token) => RestoreAsync(
                    entry, new RestoreOrder { From = snapshot.Root, Into = root, Paths = paths, DeleteAdded = deleteAdded, Names = _writes.Of(id) }, token),
                ending),
            cancellationToken);
        List<RestoredFile> restored = [];
        List<string> deleted = [];
        foreach (RestoredPath path in done)
        {
            if (path.Type is FileType type)
            {
                restored.Add(new RestoredFile(path.Path, KindOf(type), path.Files, path.Bytes, path.LeftOut));
            }
            else
            {
                deleted.Add(path.Path);
            }
        }

        _records.Tell([.. done.Select(path => EventDraft.File(entry.Record.Sandbox, path.Path, path.Type is null ? null : path.Bytes))]);
        Restored(_logger, restored.Count, id.ToString(), from.Id.ToString(), restored.Sum(r => r.Files), restored.Sum(r => r.Bytes), deleted.Count, clock.Total.TotalMilliseconds);
        return new FilesRestored(restored, deleted, clock.Total);
    }

    private async Task<IReadOnlyList<RestoredPath>> RestoreAsync(SandboxEntry entry, RestoreOrder order, CancellationToken cancellationToken)
    {
        try
        {
            return await TreeRestore.RunAsync(order, cancellationToken);
        }
        catch (TreeFileException e)
        {
            throw Translate(_limits.IsAtLimit(entry, e) ? e.ForLimit() : e, "paths");
        }
    }

    private async Task<SealedTree> OpenAsync(SandboxEntry entry, Snapshot from, OwnerMap? owners, CancellationToken cancellationToken)
    {
        try
        {
            _ = SnapshotLookup.Require(_snapshots, entry.Id, from.Id.ToString());
            return await _sealed.OpenAsync(from, owners, cancellationToken);
        }
        catch (Exception e) when (e is LayerConflictException or ContainerdException || (e is KernelException k && k.Errno is Errno.ENOENT or Errno.ESTALE))
        {
            _ = SnapshotLookup.Require(_snapshots, entry.Id, from.Id.ToString());
            throw Failures.Translate(e, ErrorKind.SandboxBusy, $"the files of snapshot {from.Id} went away while they were opened");
        }
    }

    [LoggerMessage(EventId = 1455, EventName = "restore", Level = LogLevel.Information, Message = "Restored {Paths} paths of {Sandbox} from {Snapshot}: {Files} files, {Bytes} bytes; {Deleted} paths deleted; {Milliseconds:F1} ms")]
    private static partial void Restored(ILogger logger, int paths, string sandbox, string snapshot, long files, long bytes, int deleted, double milliseconds);
}
