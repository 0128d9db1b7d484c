using Microsoft.Extensions.Logging;
using Sleigh.Cgroups;
using Sleigh.Linux.KernelFiles;
using Sleigh.Overlay;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <content>Snapshots.</content>
internal sealed partial class Sandboxes
{
    private static readonly TimeSpan FreezeLimit = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public IReadOnlyList<Snapshot> Snapshots(SandboxId id) => [.. _snapshots.Of(id).Reverse()];

    /// <inheritdoc/>
    public Snapshot? FindSnapshot(SnapshotId id) => _snapshots.Find(id);

    /// <inheritdoc/>
    public async Task<Snapshot> SnapshotAsync(SandboxId id, string? name, string? comment, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        using IDisposable turn = await entry.Turns.EnterAsync(id, "snapshot", cancellationToken);
        using Traffic.Pass pass = _traffic.Enter();
        if (_options.Now.Limits.SnapshotsPerSandbox is int limit and > 0 && _snapshots.Of(id).Count >= limit)
        {
            throw Quota("snapshots_per_sandbox", limit, $"the sandbox may have {limit} snapshots; delete one first");
        }

        try
        {
            return await TakeSnapshotAsync(entry, name, comment);
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
        entry.Change(
            r => r.Sandbox.BaseSnapshot == snapshot.Id ? r with { Sandbox = r.Sandbox with { BaseSnapshot = snapshot.Parent } } : r,
            _ => _records.MarkSnapshotDeleting(snapshot));
        _snapshots.Remove(snapshot);
        _background.Run($"remove the layer of {snapshot.Id}", () => RemoveSnapshotAsync(snapshot.Id));
        return Task.CompletedTask;
    }

    /// <summary>Removes the layer of a deleted snapshot; also called at start for one whose removal was cut off.</summary>
    public async Task RemoveSnapshotAsync(SnapshotId id)
    {
        await _layers.DeleteSealedAsync(LayerId.Sealed(id.Hex));
        _records.RemoveSnapshot(id);
        await _layers.EmptyTrashAsync();
    }

    private async Task<Snapshot> TakeSnapshotAsync(SandboxEntry entry, string? name, string? comment)
    {
        PhaseClock phase = new();
        Sandbox sandbox = entry.Record.Sandbox;
        Snapshot snapshot = new()
        {
            Id = SnapshotId.New(), Sandbox = sandbox.Id, Session = sandbox.Session, Created = _time.GetUtcNow(),
            Parent = sandbox.BaseSnapshot, Name = name, Comment = comment, Labels = sandbox.Labels,
            Limits = new CapturedLimits(sandbox.MemoryLimitMb, sandbox.MemoryCeilingMb, sandbox.Cpus, sandbox.PidsLimit, sandbox.DiskLimitMb),
        };
        LayerId layer = LayerId.Sealed(snapshot.Id.Hex);
        await using UndoStack undo = new(_logger);
        _records.AddSnapshot(snapshot);
        undo.Push($"record of {snapshot.Id}", async token =>
        {
            await _layers.DeleteSealedAsync(layer, token);
            _records.RemoveSnapshot(snapshot.Id);
        });
        using SealPreparation prepared = await _layers.PrepareSealAsync(LayerId.Parse(entry.Record.Layer));
        (SealedLayer sealedLayer, TimeSpan pause) = await SealFrozenAsync(entry.Slot, prepared, layer);
        if (entry.IsDeleted)
        {
            throw RuntimeException.NoSandbox(entry.Id);
        }

        // A btrfs snapshot commits the transaction that holds it, with all data written before.
        bool durable = _layers.Status.Driver == LayerDriverKind.Btrfs;
        snapshot = snapshot with { Bytes = sealedLayer.OwnBytes ?? 0, Durable = durable, Pause = pause, Duration = phase.Total };
        entry.Change(r => r with { Sandbox = r.Sandbox with { BaseSnapshot = snapshot.Id } }, r => _records.SealSnapshot(snapshot, r));
        undo.Complete();
        _snapshots.Add(snapshot);
        SnapshotTaken(_logger, snapshot.Id.ToString(), entry.Id.ToString(), pause.TotalMilliseconds, snapshot.Duration.TotalMilliseconds);
        _background.Run($"bring {snapshot.Id} to the disk", () => AfterSnapshotAsync(snapshot));
        return snapshot;
    }

    private async Task<(SealedLayer Layer, TimeSpan Pause)> SealFrozenAsync(Slot? slot, SealPreparation prepared, LayerId layer)
    {
        if (slot is null)
        {
            return (await _layers.SealAsync(prepared, layer), TimeSpan.Zero);
        }

        PhaseClock pause = new();
        try
        {
            await slot.Execs.FreezeAsync(FreezeLimit);
            SealedLayer made = await _layers.SealAsync(prepared, layer);
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
            _records.MarkSnapshotDurable(snapshot);
            if (_snapshots.Find(snapshot.Id) is Snapshot now)
            {
                _snapshots.Replace(now with { Durable = true });
            }
        }

        if (_snapshots.Find(snapshot.Id) is not null)
        {
            await _layers.PrepareRestoreAsync(LayerId.Sealed(snapshot.Id.Hex));
        }
    }

    private Snapshot Require(SandboxId sandbox, string snapshotId)
    {
        IReadOnlyList<Snapshot> all = Snapshots(sandbox);
        if (SnapshotId.TryParse(snapshotId, out SnapshotId id) && all.FirstOrDefault(s => s.Id == id) is Snapshot found)
        {
            return found;
        }

        string[] ids = [.. all.Select(s => s.Id.ToString())];
        throw new RuntimeException(
            ErrorKind.SnapshotNotFound,
            $"snapshot not found: {snapshotId}; available snapshot ids: {(ids.Length == 0 ? "none" : string.Join(", ", ids))}")
        {
            Details = new Dictionary<string, object> { ["available_snapshot_ids"] = ids },
        };
    }

    [LoggerMessage(EventId = 1410, EventName = "snapshot", Level = LogLevel.Information, Message = "Took {Snapshot} of {Sandbox}: pause {Pause:F1} ms, total {Total:F1} ms")]
    private static partial void SnapshotTaken(ILogger logger, string snapshot, string sandbox, double pause, double total);
}
