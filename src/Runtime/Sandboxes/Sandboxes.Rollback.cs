using Microsoft.Extensions.Logging;
using Sleigh.Overlay;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Runtime;

/// <content>
/// Rollback: the snapshot's files are mounted in another slot, the record is switched, and only then does the old slot end.
/// Nothing of the old time line is left: not its processes, nor what they kept in /dev, /dev/shm, queues or IPC objects.
/// </content>
internal sealed partial class Sandboxes
{
    /// <inheritdoc/>
    public async Task<RollbackResult> RollbackAsync(SandboxId id, string snapshotId, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        Require(id, snapshotId);
        using Span? span = Span.Begin("rollback", entry.Record.Sandbox.Session, id);
        PhaseClock phase = new(span);
        using IDisposable turn = await entry.Turns.EnterAsync(id, "rollback", cancellationToken);
        phase.Lap("rollback.wait");
        Snapshot snapshot = Require(id, snapshotId);
        CheckStopping();
        using Traffic.Pass pass = _traffic.Enter();
        return await RollBackAsync(entry, () => Task.FromResult(snapshot), isUndo: false, phase, span);
    }

    // What the caller holds: the turn, and a pass.
    private async Task<RollbackResult> RollBackAsync(SandboxEntry entry, Func<Task<Snapshot>> find, bool isUndo, PhaseClock phase, Span? span)
    {
        try
        {
            Snapshot snapshot = await find();
            IReadOnlyList<ExecId> ended = await RollbackAsync(entry, snapshot, phase, withMark: isUndo);
            SandboxMeters.RolledBack(phase.Total);
            span?.Done();
            RolledBack(_logger, entry.Id.ToString(), snapshot.Id.ToString(), phase.Total.TotalMilliseconds);
            return new RollbackResult(entry.View, snapshot.Id, phase.Total, ended);
        }
        catch (Exception e) when (IsExpected(e))
        {
            throw Failures.Translate(
                e, ErrorKind.RollbackFailed, "the rollback was not done and nothing has changed; the daemon log has the cause under this request id");
        }
    }

    private async Task<IReadOnlyList<ExecId>> RollbackAsync(SandboxEntry entry, Snapshot snapshot, PhaseClock phase, bool withMark = false)
    {
        await using UndoStack undo = new(_logger);
        LayerId oldLayer = LayerId.Parse(entry.Record.Layer);
        LayerId newLayer = LayerId.NewLive();
        using IDisposable inHand = _inHand.Enter(oldLayer, newLayer);
        LiveLayer layer = await _layers.CreateLiveAsync(newLayer, LayerId.Sealed(snapshot.Id.Hex));
        undo.Push($"layer {newLayer}", token => _layers.DeleteLiveAsync(newLayer, token));
        ChangeStep.Done("rollback", 1);
        phase.Lap("rollback.rootfs");

        IReadOnlyList<string> lowers = await _images.LowersAsync(entry.Record.Chain, CancellationToken.None);
        ClaimedSlot claimed = await _starter.ClaimAsync(
            entry.Record, entry.Record.LimitsAt(entry.MemoryLimitMb), layer, lowers, new WantedMounts(entry.Mounts, MustHaveAll: false),
            entry.Secrets, new PhaseClock(), CancellationToken.None);
        undo.Push($"slot {claimed.Slot.Id}", _ => _pool.EndNowAsync(claimed.Slot));
        ChangeStep.Done("rollback", 2);
        phase.Lap("rollback.start");

        // The mount has changed the layer, too. It costs a commit, so it is not for everybody.
        LayerMark? mark = withMark || entry.Record.Sandbox.AutoSnapshot != AutoSnapshot.Off ? await _layers.MarkAsync(newLayer) : null;
        Slot? oldSlot = await SwitchAsync(entry, snapshot, newLayer, mark, claimed);
        ChangeStep.Done("rollback", 3);
        undo.Complete();
        phase.Lap("rollback.switch");
        IReadOnlyList<ExecId> ended = [];
        if (oldSlot is not null)
        {
            ended = await _execs.EndSlotAsync(oldSlot, ExecEndCause.Rollback);
            ChangeStep.Done("rollback", 4);
            _pool.EndLater(oldSlot);
            phase.Lap("rollback.end");
        }

        IDisposable oldInHand = _inHand.Enter(oldLayer);
        _background.Run($"remove layer {oldLayer}", async () =>
        {
            using IDisposable until = oldInHand;
            await _pool.LayerFreeAsync(oldLayer.ToString(), hurry: false);
            ChangeStep.Done("rollback", 5);
            await _layers.DeleteLiveAsync(oldLayer);
            ChangeStep.Done("rollback", 6);
            await _layers.EmptyTrashAsync();
        });
        return ended;
    }

    private async Task<Slot?> SwitchAsync(SandboxEntry entry, Snapshot snapshot, LayerId layer, LayerMark? mark, ClaimedSlot claimed)
    {
        await entry.Starting.WaitAsync();
        try
        {
            if (entry.IsDeleted)
            {
                throw RuntimeException.NoSandbox(entry.Id);
            }

            Slot? old = entry.Slot;
            List<SlotRecord> slots = [claimed.RecordFor(entry.Id)];
            if (old is not null)
            {
                slots.Add(new SlotRecord(old.Id, SlotState.Ending, null, old.ProcessId, old.Limits));
            }

            EventRecord told = new() { Snapshot = snapshot.Id.ToString(), Name = snapshot.Name };
            entry.LastUsed = _time.GetUtcNow();
            entry.Change(
                r => r with
                {
                    Layer = layer.ToString(),
                    Mark = mark,
                    Slot = claimed.Slot.Id,
                    Sandbox = r.Sandbox with { BaseSnapshot = snapshot.Id, LastUsed = entry.LastUsed },
                },
                r => _records.PutSandbox(r, SandboxState.Live, [EventDraft.Of(EventTypes.SandboxRolledBack, r.Sandbox, told)], [.. slots]));
            entry.Mounts = claimed.Mounts;
            entry.IsUntouched = true;
            entry.Slot = claimed.Slot;
            RenewIfChanged(entry, claimed);
            _starter.Started(entry, claimed.Slot);
            return old;
        }
        finally
        {
            entry.Starting.Release();
        }
    }

    [LoggerMessage(EventId = 1420, EventName = "rollback", Level = LogLevel.Information, Message = "Rolled {Sandbox} back to {Snapshot} in {Milliseconds:F1} ms")]
    private static partial void RolledBack(ILogger logger, string sandbox, string snapshot, double milliseconds);
}
