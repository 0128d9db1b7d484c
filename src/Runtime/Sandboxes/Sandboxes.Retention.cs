using Microsoft.Extensions.Logging;

namespace Sleigh.Runtime;

/// <content>Snapshots and time.</content>
internal sealed partial class Sandboxes
{
    /// <summary>Deletes the snapshots taken before a time, but for those that live files stand on. What cannot be deleted now is left out.</summary>
    /// <returns>How many were deleted.</returns>
    public async Task<int> DeleteOldSnapshotsAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        int deleted = 0;
        HashSet<SnapshotId> inUse = StoodOn();
        foreach (Snapshot old in _snapshots.All.Where(s => s.Created < before && !s.IsKept && !inUse.Contains(s.Id)))
        {
            try
            {
                // A rollback to it may be under way, and has the turn then.
                SandboxEntry entry = _table.Require(old.Sandbox);
                using IDisposable turn = await entry.Turns.EnterAsync(old.Sandbox, "retention", cancellationToken);
                if (!StoodOn().Contains(old.Id) && _snapshots.Find(old.Id) is { IsKept: false })
                {
                    await DeleteSnapshotAsync(old.Sandbox, old.Id.ToString(), cancellationToken);
                    deleted++;
                }
            }
            catch (RuntimeException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.SnapshotNotFound)
            {
                // Somebody deleted it, or its sandbox, meanwhile.
            }
            catch (RuntimeException e) when (e.Kind == ErrorKind.SandboxBusy)
            {
                SnapshotStays(_logger, old.Id.ToString(), e.Message);
            }
        }

        return deleted;
    }

    // A snapshot that is kept, or that live files stand on, has no end.
    private Snapshot WithExpiry(Snapshot snapshot, HashSet<SnapshotId> inUse) =>
        _options.Now.Snapshots.Retention is TimeSpan kept && !snapshot.IsKept && !inUse.Contains(snapshot.Id) ? snapshot with { Expires = snapshot.Created + kept } : snapshot;

    private HashSet<SnapshotId> StoodOn() => [.. _table.Unordered.Select(e => e.Record.Sandbox.BaseSnapshot).OfType<SnapshotId>()];

    [LoggerMessage(EventId = 1543, EventName = "retention", Level = LogLevel.Information, Message = "Old {Snapshot} stays until the next clean-up: {Why}")]
    private static partial void SnapshotStays(ILogger logger, string snapshot, string why);
}
