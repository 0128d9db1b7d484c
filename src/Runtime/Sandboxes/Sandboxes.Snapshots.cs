using Microsoft.Extensions.Logging;
using Sleigh.Cgroups;
using Sleigh.Linux.KernelFiles;
using Sleigh.Overlay;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Runtime;

/// <content>Snapshots.</content>
internal sealed partial class Sandboxes
{
    private static readonly TimeSpan FreezeLimit = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public IReadOnlyList<Snapshot> Snapshots(SandboxId id)
    {
        IReadOnlyList<Snapshot> all = _snapshots.Of(id);
        HashSet<SnapshotId> inUse = all.Count == 0 ? [] : StoodOn();
        return [.. all.Reverse().Select(s => WithExpiry(s, inUse))];
    }

    /// <inheritdoc/>
    public Snapshot? FindSnapshot(SnapshotId id) => _snapshots.Find(id);

    /// <inheritdoc/>
    public async Task<Snapshot> SnapshotAsync(SandboxId id, string? name, string? comment, bool keep, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        using Span? span = Span.Begin("snapshot", entry.Record.Sandbox.Session, id);
        PhaseClock wait = new(span);
        using IDisposable turn = await entry.Turns.EnterAsync(id, "snapshot", cancellationToken);
        wait.Lap("snapshot.wait");
        using Traffic.Pass pass = _traffic.Enter();
        if (_options.Now.Limits.SnapshotsPerSandbox is int limit and > 0 && _snapshots.Of(id).Count(s => !s.IsAutomatic) >= limit)
        {
            throw RuntimeException.Quota("snapshots_per_sandbox", limit, $"the sandbox may have {limit} snapshots; delete one first");
        }

        try
        {
            Snapshot taken = await TakeSnapshotAsync(entry, new SnapshotOrder(name, comment, keep), wait);
            SandboxMeters.SnapshotTaken(taken.Duration, taken.Pause);
            span?.Note("snapshot_id", taken.Id.ToString());
            span?.Done();
            await DeleteSurplusAsync(id);
            return taken;
        }
        catch (Exception e) when (IsExpected(e) || e is OperationCanceledException or TimeoutException)
        {
            throw Failures.Translate(
                e, ErrorKind.SnapshotFailed, "the snapshot was not taken and nothing has changed; the daemon log has the cause under this request id");
        }
    }

    /// <inheritdoc/>
    public Task DeleteSnapshotAsync(SandboxId id, string snapshotId, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        Snapshot snapshot = Require(id, snapshotId);
        TakeOut(entry, snapshot, _records.MarkSnapshotDeleting);
        return Task.CompletedTask;
    }

    /// <summary>Takes out a snapshot whose layer is gone; nothing happens when somebody else did.</summary>
    public Task LoseSnapshotAsync(Snapshot snapshot)
    {
        if (_snapshots.Find(snapshot.Id) is not null && _table.Find(snapshot.Sandbox) is SandboxEntry entry)
        {
            TakeOut(entry, snapshot, _records.MarkSnapshotLost);
        }

        return Task.CompletedTask;
    }

    private void TakeOut(SandboxEntry entry, Snapshot snapshot, Action<Snapshot> record)
    {
        entry.IsUntouched &= entry.Record.Sandbox.BaseSnapshot != snapshot.Id;
        entry.Change(
            r => r.Sandbox.BaseSnapshot == snapshot.Id ? r with { Sandbox = r.Sandbox with { BaseSnapshot = snapshot.Parent }, Mark = null } : r,
            _ => record(snapshot));
        ChangeStep.Done("delete-snapshot", 1);
        _snapshots.Remove(snapshot);
        _background.Run($"remove the layer of {snapshot.Id}", () => RemoveSnapshotAsync(snapshot.Id));
    }

    /// <summary>Removes the layer of a deleted snapshot; also called at start for one whose removal was cut off.</summary>
    public async Task RemoveSnapshotAsync(SnapshotId id)
    {
        await _holds.FreeAsync(id);
        await _layers.DeleteSealedAsync(LayerId.Sealed(id.Hex));
        ChangeStep.Done("delete-snapshot", 2);
        _records.RemoveSnapshot(id);
        ChangeStep.Done("delete-snapshot", 3);
        await _layers.EmptyTrashAsync();
    }

    /// <summary>Brings to the disk, after a start, what an earlier run had answered and not yet brought there.</summary>
    public void FinishSnapshots()
    {
        foreach (Snapshot snapshot in _snapshots.All.Where(s => !s.Durable))
        {
            _background.Run($"bring {snapshot.Id} to the disk", () => AfterSnapshotAsync(snapshot));
        }
    }

    private async Task<Snapshot> TakeSnapshotAsync(SandboxEntry entry, SnapshotOrder order, PhaseClock trace)
    {
        PhaseClock phase = new();
        Sandbox sandbox = entry.Record.Sandbox;
        Snapshot snapshot = new()
        {
            Id = SnapshotId.New(), Sandbox = sandbox.Id, Session = sandbox.Session, Created = _time.GetUtcNow(),
            Parent = sandbox.BaseSnapshot, Name = order.Name, Comment = order.Comment, Labels = sandbox.Labels,
            IsAutomatic = order.IsAutomatic, IsKept = order.IsKept,
            Mounts = Captured(entry),
            Limits = new CapturedLimits(entry.MemoryLimitMb, sandbox.MemoryCeilingMb, sandbox.Cpus, sandbox.PidsLimit, sandbox.DiskLimitMb),
        };
        LayerId layer = LayerId.Sealed(snapshot.Id.Hex);
        await using UndoStack undo = new(_logger);
        _records.AddSnapshot(snapshot);
        undo.Push($"record of {snapshot.Id}", async token =>
        {
            await _layers.DeleteSealedAsync(layer, token);
            _records.RemoveSnapshot(snapshot.Id);
        });
        ChangeStep.Done("snapshot", 1);
        if (entry.Slot is { IsSqueezed: true } squeezed)
        {
            _starter.Resuming(entry, squeezed);
        }

        using SealPreparation prepared = await _layers.PrepareSealAsync(LayerId.Parse(entry.Record.Layer));
        ChangeStep.Done("snapshot", 2);
        trace.Lap("snapshot.prepare");
        (SealedLayer sealedLayer, TimeSpan pause) = await SealFrozenAsync(entry, prepared, layer);
        ChangeStep.Done("snapshot", 5);
        trace.Lap("snapshot.pause");
        if (entry.IsDeleted)
        {
            throw RuntimeException.NoSandbox(entry.Id);
        }

        // A btrfs snapshot commits the transaction that holds it, with all data written before.
        bool durable = _layers.Status.Driver == LayerDriverKind.Btrfs;
        snapshot = snapshot with
        {
            Bytes = sealedLayer.OwnBytes ?? 0, Durable = durable, Pause = pause, Duration = phase.Total,
            IsSameAsParent = sealedLayer.IsUnchanged || entry.IsUntouched,
        };
        entry.Change(
            r => r with { Sandbox = r.Sandbox with { BaseSnapshot = snapshot.Id }, Mark = sealedLayer.Mark },
            r => _records.SealSnapshot(snapshot, r));
        ChangeStep.Done("snapshot", 6);
        undo.Complete();
        _snapshots.Add(snapshot);
        trace.Lap("snapshot.record");
        SnapshotTaken(_logger, snapshot.Id.ToString(), entry.Id.ToString(), pause.TotalMilliseconds, snapshot.Duration.TotalMilliseconds);
        _background.Run($"bring {snapshot.Id} to the disk", () => AfterSnapshotAsync(snapshot));
        return snapshot;
    }

    private async Task<(SealedLayer Layer, TimeSpan Pause)> SealFrozenAsync(SandboxEntry entry, SealPreparation prepared, LayerId layer)
    {
        LayerMark? since = entry.Record.Mark;
        if (entry.Slot is not Slot slot)
        {
            return (await _layers.SealAsync(prepared, layer, since), TimeSpan.Zero);
        }

        PhaseClock pause = new();
        try
        {
            await slot.Execs.FreezeAsync(FreezeLimit);
            ChangeStep.Done("snapshot", 3);
            SealedLayer made = await _layers.SealAsync(prepared, layer, since);
            ChangeStep.Done("snapshot", 4);
            slot.Execs.Thaw();
            return (made, pause.Total);
        }
        catch (Exception)
        {
            Thaw(slot.Execs);
            throw;
        }
    }

    private static void Thaw(Cgroup execs)
    {
        try
        {
            execs.Thaw();
        }
        catch (KernelFileException)
        {
            // The cgroup went away: nothing is frozen in it any more.
        }
    }

    // A restore made ahead takes the largest part of a rollback or fork off its path.
    private async Task AfterSnapshotAsync(Snapshot snapshot)
    {
        if (!snapshot.Durable)
        {
            await _layers.FlushAsync();
            ChangeStep.Done("snapshot", 7);
            _records.MarkSnapshotDurable(snapshot);
            _snapshots.Change(snapshot.Id, s => s with { Durable = true });
        }

        // Of the many automatic ones hardly any is gone back to.
        if (_snapshots.Find(snapshot.Id) is { IsAutomatic: false })
        {
            await _layers.PrepareRestoreAsync(LayerId.Sealed(snapshot.Id.Hex));
            ChangeStep.Done("snapshot", 8);
        }
    }

    private static CapturedMount[] Captured(SandboxEntry entry) =>
        [.. entry.Mounts.Select(m => new CapturedMount(m.Mount.HostPath, m.Mount.ContainerPath, m.Mount.Mode))];

    private Snapshot Require(SandboxId sandbox, string snapshotId) => SnapshotLookup.Require(_snapshots, sandbox, snapshotId);

    [LoggerMessage(EventId = 1410, EventName = "snapshot", Level = LogLevel.Information, Message = "Took {Snapshot} of {Sandbox}: pause {Pause:F1} ms, total {Total:F1} ms")]
    private static partial void SnapshotTaken(ILogger logger, string snapshot, string sandbox, double pause, double total);
}
