using Microsoft.Extensions.Logging;
using Sleigh.Overlay;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Runtime;

/// <content>Snapshots that are taken before commands, and the way back along them.</content>
internal sealed partial class Sandboxes
{
    /// <inheritdoc/>
    public async Task<RollbackResult> UndoAsync(SandboxId id, int steps, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        using Span? span = Span.Begin("undo", entry.Record.Sandbox.Session, id);
        PhaseClock phase = new(span);
        using IDisposable turn = await entry.Turns.EnterAsync(id, "undo", cancellationToken);
        phase.Lap("rollback.wait");
        CheckStopping();
        using Traffic.Pass pass = _traffic.Enter();
        return await RollBackAsync(
            entry,
            async () =>
            {
                IReadOnlyList<Snapshot> back = UndoPath.Find(_snapshots.Of(id), entry.Record.Sandbox.BaseSnapshot, !await IsUnchangedAsync(entry));
                return steps <= back.Count ? back[steps - 1] : throw NothingToUndo(id, steps, back.Count);
            },
            isUndo: true,
            phase,
            span);
    }

    /// <inheritdoc/>
    public async Task<Snapshot> KeepSnapshotAsync(SandboxId id, string snapshotId, bool keep, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        Require(id, snapshotId);

        // Clean-ups have the turn, too: what is kept now is not deleted a moment later.
        using IDisposable turn = await entry.Turns.EnterAsync(id, "keep", cancellationToken);
        Snapshot kept = Require(id, snapshotId) with { IsKept = keep };
        _records.KeepSnapshot(kept);
        _snapshots.Change(kept.Id, s => s with { IsKept = keep });
        if (!keep)
        {
            await DeleteSurplusAsync(id);
        }

        return WithExpiry(_snapshots.Find(kept.Id) ?? kept, StoodOn());
    }

    /// <summary>Deletes the snapshots that are more than the settings keep. What cannot be deleted now is left out.</summary>
    /// <returns>How many were deleted.</returns>
    public async Task<int> DeleteSurplusSnapshotsAsync(CancellationToken cancellationToken)
    {
        int deleted = 0;
        foreach (SandboxEntry entry in _table.All)
        {
            try
            {
                if (Surplus(entry.Id).Count > 0)
                {
                    using IDisposable turn = await entry.Turns.EnterAsync(entry.Id, "retention", cancellationToken);
                    deleted += await DeleteSurplusAsync(entry.Id);
                }
            }
            catch (RuntimeException e) when (e.Kind is ErrorKind.NotFound or ErrorKind.SnapshotNotFound or ErrorKind.SandboxBusy)
            {
                SurplusStays(_logger, entry.Id.ToString(), e.Message);
            }
        }

        return deleted;
    }

    /// <summary>
    /// Before a command starts in a sandbox that wants it: a snapshot, where something has changed since the last one. The command starts while
    /// the result is held, so that nothing comes between.
    /// </summary>
    /// <returns>Null: the sandbox does not want it.</returns>
    private async Task<StateBefore?> BeforeCommandAsync(SandboxEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Record.Sandbox.AutoSnapshot == AutoSnapshot.Off)
        {
            return null;
        }

        IDisposable turn = await entry.Turns.EnterAsync(entry.Id, "snapshot", cancellationToken);
        StateBefore? before = null;
        try
        {
            before = new StateBefore(await StandsOnAsync(entry) ?? await TakeAutomaticAsync(entry), turn);
            ChangeStep.Done("auto-snapshot", 1);
            return before;
        }
        catch (Exception e) when (IsExpected(e) || e is OperationCanceledException or TimeoutException)
        {
            throw Failures.Translate(
                e, ErrorKind.SnapshotFailed,
                "the snapshot before the command was not taken, so the command was not started; the daemon log has the cause under this request id");
        }
        finally
        {
            if (before is null)
            {
                turn.Dispose();
            }
        }
    }

    // A fork stands on a snapshot of another sandbox first, to which it cannot be rolled back.
    private async Task<SnapshotId?> StandsOnAsync(SandboxEntry entry) =>
        entry.Record.Sandbox.BaseSnapshot is SnapshotId stands && _snapshots.Find(stands)?.Sandbox == entry.Id && await IsUnchangedAsync(entry)
            ? stands
            : null;

    private async Task<SnapshotId> TakeAutomaticAsync(SandboxEntry entry)
    {
        using Span? span = Span.Begin("snapshot", entry.Record.Sandbox.Session, entry.Id);
        Snapshot taken = await TakeSnapshotAsync(entry, new SnapshotOrder(null, null, IsAutomatic: true), new PhaseClock(span));
        SandboxMeters.SnapshotTaken(taken.Duration, taken.Pause);
        span?.Note("snapshot_id", taken.Id.ToString());
        span?.Done();
        await DeleteSurplusAsync(entry.Id);
        return taken.Id;
    }

    /// <summary>Whether the files are those of the snapshot they stand on; false where that is not certain.</summary>
    private async Task<bool> IsUnchangedAsync(SandboxEntry entry) =>
        entry.IsUntouched || (entry.Record is { Mark: LayerMark mark, Layer: string layer } && await _layers.MarkAsync(LayerId.Parse(layer)) == mark);

    private async Task<int> DeleteSurplusAsync(SandboxId id)
    {
        IReadOnlyList<Snapshot> surplus = Surplus(id);
        foreach (Snapshot old in surplus)
        {
            await DeleteSnapshotAsync(id, old.Id.ToString(), CancellationToken.None);
        }

        if (surplus.Count > 0)
        {
            SurplusDeleted(_logger, surplus.Count, id.ToString());
        }

        return surplus.Count;
    }

    private IReadOnlyList<Snapshot> Surplus(SandboxId id)
    {
        (int automatic, int most) = (_options.Now.Snapshots.AutoKept, _options.Now.Snapshots.MaxPerSandbox);
        IReadOnlyList<Snapshot> all = _snapshots.Of(id);
        return all.Count <= automatic && (most == 0 || all.Count <= most) ? [] : SurplusSnapshots.Find(all, StoodOn(), automatic, most);
    }

    private static RuntimeException NothingToUndo(SandboxId id, int steps, int possible)
    {
        string why = possible == 0
            ? $"nothing to undo: sandbox {id} has no snapshot of an earlier state of its files"
            : $"nothing to undo: sandbox {id} can go back {possible} {(possible == 1 ? "step" : "steps")}, steps is {steps}";
        return new RuntimeException(ErrorKind.NothingToUndo, why) { Details = new Dictionary<string, object> { ["possible_steps"] = possible } };
    }

    [LoggerMessage(EventId = 1545, EventName = "retention", Level = LogLevel.Debug, Message = "Deleted {Snapshots} snapshots of {Sandbox}, more than are kept of one")]
    private static partial void SurplusDeleted(ILogger logger, int snapshots, string sandbox);

    [LoggerMessage(EventId = 1546, EventName = "retention", Level = LogLevel.Information, Message = "Snapshots of {Sandbox} beyond those that are kept stay until the next clean-up: {Why}")]
    private static partial void SurplusStays(ILogger logger, string sandbox, string why);
}
