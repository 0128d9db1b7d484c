using Microsoft.Extensions.Logging;
using Sleigh.Overlay;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

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
        PhaseClock phase = new();
        SandboxEntry entry = _table.Require(id);
        Require(id, snapshotId);
        using IDisposable turn = await entry.Turns.EnterAsync(id, "rollback", cancellationToken);
        Snapshot snapshot = Require(id, snapshotId);
        CheckStopping();
        using Traffic.Pass pass = _traffic.Enter();
        try
        {
            IReadOnlyList<ExecId> ended = await RollbackAsync(entry, snapshot);
            RolledBack(_logger, id.ToString(), snapshot.Id.ToString(), phase.Total.TotalMilliseconds);
            return new RollbackResult(entry.View, snapshot.Id, phase.Total, ended);
        }
        catch (Exception e) when (IsExpected(e))
        {
            throw Failures.Translate(
                e, ErrorKind.RollbackFailed, "the rollback was not done and nothing has changed; the daemon log has the cause under this request id");
        }
    }

    private async Task<IReadOnlyList<ExecId>> RollbackAsync(SandboxEntry entry, Snapshot snapshot)
    {
        await using UndoStack undo = new(_logger);
        LayerId oldLayer = LayerId.Parse(entry.Record.Layer);
        LayerId newLayer = LayerId.NewLive();
        LiveLayer layer = await _layers.CreateLiveAsync(newLayer, LayerId.Sealed(snapshot.Id.Hex));
        undo.Push($"layer {newLayer}", token => _layers.DeleteLiveAsync(newLayer, token));

        IReadOnlyList<string> lowers = await _images.LowersAsync(entry.Record.Chain, CancellationToken.None);
        ClaimedSlot claimed = await _starter.ClaimAsync(entry.Record, layer, lowers, new PhaseClock(), CancellationToken.None);
        undo.Push($"slot {claimed.Slot.Id}", _ => _pool.EndNowAsync(claimed.Slot));

        Slot? oldSlot = await SwitchAsync(entry, snapshot, newLayer, claimed);
        undo.Complete();
        IReadOnlyList<ExecId> ended = [];
        if (oldSlot is not null)
        {
            ended = await _execs.EndSlotAsync(oldSlot, ExecEndCause.Rollback);
            _pool.EndLater(oldSlot);
        }

        _background.Run($"remove layer {oldLayer}", async () =>
        {
            await _pool.LayerFreeAsync(oldLayer.ToString(), hurry: false);
            await _layers.DeleteLiveAsync(oldLayer);
            await _layers.EmptyTrashAsync();
        });
        return ended;
    }

    private async Task<Slot?> SwitchAsync(SandboxEntry entry, Snapshot snapshot, LayerId layer, ClaimedSlot claimed)
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
                    Slot = claimed.Slot.Id,
                    Sandbox = r.Sandbox with { BaseSnapshot = snapshot.Id, LastUsed = entry.LastUsed },
                },
                r => _records.PutSandbox(r, SandboxState.Live, [EventDraft.Of(EventTypes.SandboxRolledBack, r.Sandbox, told)], [.. slots]));
            entry.Slot = claimed.Slot;
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
