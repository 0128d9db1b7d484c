using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
using Sleigh.Overlay;
using Sleigh.Runtime.Images;
using Sleigh.Runtime.Networking;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Secrets;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Runtime;

/// <inheritdoc cref="ISandboxes"/>
internal sealed partial class Sandboxes : ISandboxes
{
    private readonly SandboxTable _table;
    private readonly SnapshotTable _snapshots;
    private readonly SnapshotHolds _holds;
    private readonly SandboxStarter _starter;
    private readonly Execs _execs;
    private readonly SlotPool _pool;
    private readonly SandboxNetworks _networks;
    private readonly MountAttacher _mounts;
    private readonly LayerStore _layers;
    private readonly ImageStore _images;
    private readonly ImageFinder _finder;
    private readonly ImageUses _uses;
    private readonly RecordStore _records;
    private readonly Spool _spool;
    private readonly HostGuard _guard;
    private readonly LiveOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Background _background;
    private readonly Traffic _traffic;
    private readonly SandboxPlaces _places;
    private readonly CreatePace _pace;
    private readonly LayersInHand _inHand = new();

    public Sandboxes(SandboxParts parts)
    {
        _holds = parts.SnapshotHolds;
        (_table, _snapshots, _starter, _execs, _pool, _layers) =
            (parts.Table, parts.Snapshots, parts.Starter, parts.Execs, parts.Pool, parts.Layers);
        (_images, _records, _spool, _guard) = (parts.Images, parts.Records, parts.Spool, parts.Guard);
        (_mounts, _networks) = (parts.Mounts, parts.Networks);
        (_finder, _uses) = (parts.ImageParts.Finder, parts.ImageParts.Uses);
        (_options, _time, _logger, _background, _traffic) = (parts.Options, parts.Time, parts.Logger, parts.Background, parts.Traffic);
        (_places, _pace) = (new SandboxPlaces(_table), new CreatePace(_time));
        (_execs.SlotDied, _execs.BeforeCommand) = (OnSlotDied, BeforeCommandAsync);
        (_execs.Rollbacks.Newest, _execs.Rollbacks.Perform) = (id => NewestSnapshot(id)?.Id, RollBackForOomAsync);
    }

    /// <summary>Told of each sandbox whose delete begins; set once, before anything starts.</summary>
    public Action<SandboxEntry> Deleting { get; set; } = _ => { };

    /// <summary>Told of each delete that no request asked for, once it is recorded; set once, before anything starts.</summary>
    public Action<Sandbox, DeleteReason> DeletedUnasked { get; set; } = (_, _) => { };

    /// <summary>Whether a session is still there; set once, before anything starts.</summary>
    public Func<SessionId, bool> OwnerLives { get; set; } = _ => true;

    /// <summary>Whether a change under way has this layer, which no record names before it or after it.</summary>
    public bool HasInHand(LayerId layer) => _inHand.Has(layer);

    /// <inheritdoc/>
    public Sandbox? Find(SandboxId id) => _table.Find(id) is { IsDeleted: false } entry ? entry.View : null;

    /// <inheritdoc/>
    public IReadOnlyList<Sandbox> List(SessionId? owner) =>
        [.. _table.All.Where(e => !e.IsDeleted && (owner is null || e.Record.Sandbox.Session == owner)).Select(e => e.View)];

    /// <inheritdoc/>
    public async Task<CreatedSandbox> CreateAsync(SessionId owner, SandboxSpec spec, CancellationToken cancellationToken)
    {
        using Span? span = Span.Begin("create", owner, sandbox: null);
        PhaseClock phase = new(span);
        CheckStopping();
        Snapshot? from = spec.Snapshot is SnapshotId id ? RequireSnapshot(owner, id) : null;
        SandboxRecord? source = from is null ? null : _table.Require(from.Sandbox).Record;
        string image = source?.Sandbox.Image ?? spec.Image ?? _options.Now.Pool.Image;
        FoundImage? found = source is null ? await _finder.FindAsync(image, spec.NotifyInsteadOfPull, cancellationToken) : null;
        TimeSpan lookUp = phase.Lap("create.image");
        try
        {
            using SandboxPlaces.Places places = Admit(owner, 1, () => GuardCreate(spec, from));
            TimeSpan admission = phase.Lap("create.admission");
            if (source is null && found is null)
            {
                RequireFreeName(owner, spec.Name);
                found = await _finder.PullAsync(image, cancellationToken);

                // The pull took its time; what was true of the host before it need not be true now.
                CheckStopping();
                GuardCreate(spec, from);
                lookUp += phase.Lap("create.image");
            }

            SandboxRecord record = Plan(owner, spec, from, source, image, found?.Tree);
            span?.About(record.Sandbox.Id);
            admission += phase.Lap("create.admission");
            CreatedSandbox made = await BuildAsync(
                record, new SandboxSecrets(spec.Secrets), from?.Id, places, phase, new Timings(admission, lookUp), spec.Ports, cancellationToken);
            _pool.CountCreate(made.FromPool);
            SandboxMeters.Created(phase.Total, made.FromPool);
            span?.Note("source", made.FromPool ? "pool" : "cold");
            span?.Done();
            return made with { ImagePull = found?.Pull };
        }
        catch (Exception e) when (IsExpected(e))
        {
            throw Failures.Translate(
                e, ErrorKind.SandboxStartFailed, "the sandbox could not be started; the daemon log has the cause under this request id");
        }
        finally
        {
            found?.Dispose();
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(SandboxId id, CancellationToken cancellationToken) => DeleteAsync(id, DeleteReason.Request);

    /// <summary>As for callers, with the reason that the event tells.</summary>
    public async Task DeleteAsync(SandboxId id, DeleteReason reason)
    {
        SandboxEntry entry = _table.Require(id);
        using Span? span = Span.Begin("delete", entry.Record.Sandbox.Session, id);
        using Traffic.Pass pass = _traffic.Enter();
        entry.IsDeleted = true;
        if (!_table.TryRemove(id))
        {
            throw RuntimeException.NoSandbox(id);
        }

        entry.Turns.Close();
        Deleting(entry);
        _uses.Note(entry.Record.Sandbox.Image);
        Snapshot[] snapshots = [.. _snapshots.Of(id)];
        _records.MarkSandboxDeleting(entry.Record.Sandbox, reason);
        if (reason != DeleteReason.Request)
        {
            DeletedUnasked(entry.Record.Sandbox, reason);
        }

        ChangeStep.Done("delete", 1);
        _snapshots.RemoveOf(id);
        Slot? slot = await TakeSlotAwayAsync(entry);
        if (slot is not null)
        {
            await _execs.EndSlotAsync(slot, ExecEndCause.Delete);
            ChangeStep.Done("delete", 2);
            _pool.EndLater(slot);
        }

        span?.Done();
        Deleted(_logger, id.ToString());
        _background.Run($"remove the files of {id}", () => RemoveFilesAsync(entry, snapshots));
    }

    private static bool IsExpected(Exception e) => e is IOException or ContainerdException or LayerConflictException or LayerStoreUnavailableException
        or SharedMountsException or LayerStoreFullException or LayerLimitException or UnauthorizedAccessException or Linux.Sqlite.SqliteException;

    private static async Task<Slot?> TakeSlotAwayAsync(SandboxEntry entry)
    {
        // A start under way ends first: what it leaves is taken away then.
        await entry.Starting.WaitAsync(CancellationToken.None);
        try
        {
            Slot? slot = entry.Slot;
            entry.Slot = null;
            return slot;
        }
        finally
        {
            entry.Starting.Release();
        }
    }

    /// <summary>Removes all that a deleted sandbox has left; also called at start for one whose removal was cut off.</summary>
    public async Task RemoveFilesAsync(SandboxEntry entry, IReadOnlyList<Snapshot> snapshots)
    {
        // A change that was under way when the delete came keeps its turn; it fails or is taken back before files go.
        using (await entry.Turns.EnterLastAsync())
        {
            await _pool.LayerFreeAsync(entry.Record.Layer, hurry: false);
            ChangeStep.Done("delete", 3);
            await _layers.DeleteLiveAsync(LayerId.Parse(entry.Record.Layer));
            ChangeStep.Done("delete", 4);
            foreach (Snapshot snapshot in snapshots)
            {
                await _layers.DeleteSealedAsync(LayerId.Sealed(snapshot.Id.Hex));
                ChangeStep.Done("delete", 5);
                _records.RemoveSnapshot(snapshot.Id);
            }

            ChangeStep.Done("delete", 6);

            foreach (ExecId exec in _records.ReadExecIds(entry.Id))
            {
                _spool.Remove(exec);
            }

            _records.RemoveSandbox(entry.Id);
            ChangeStep.Done("delete", 7);
        }

        await _layers.EmptyTrashAsync();
        ChangeStep.Done("delete", 8);
    }

    private async Task<CreatedSandbox> BuildAsync(
        SandboxRecord record, SandboxSecrets? secrets, SnapshotId? from, SandboxPlaces.Places places, PhaseClock phase, Timings before, IReadOnlyList<int> ports,
        CancellationToken cancellationToken, IReadOnlyList<CapturedMount>? mounts = null)
    {
        using Traffic.Pass pass = _traffic.Enter();
        await using UndoStack undo = new(_logger);
        WantedMounts wanted = new([.. (mounts ?? []).Select(mount => NewMount(record.Sandbox, mount))], MustHaveAll: true);
        PutNew(record);
        undo.Push($"record of {record.Sandbox.Id}", _ => RemoveRecordAsync(record.Sandbox.Id));
        PortRecord[] declared = [.. ports.Select(port => PortRecord.New(record.Sandbox.Id, port))];
        if (declared.Length > 0)
        {
            _records.PutPorts(declared);
        }

        ChangeStep.Done("create", 1);

        LayerId layerId = LayerId.Parse(record.Layer);
        LiveLayer layer = await _layers.CreateLiveAsync(layerId, from is SnapshotId s ? LayerId.Sealed(s.Hex) : null, cancellationToken);
        undo.Push($"layer {layerId}", token => _layers.DeleteLiveAsync(layerId, token));
        ChangeStep.Done("create", 2);
        TimeSpan rootfs = phase.Lap("create.rootfs");

        IReadOnlyList<string> lowers = await _images.LowersAsync(record.Chain, cancellationToken);
        ClaimedSlot claimed = await _starter.ClaimAsync(record, layer, lowers, wanted, secrets, phase, cancellationToken);
        undo.Push($"slot {claimed.Slot.Id}", _ => _pool.EndNowAsync(claimed.Slot));
        ChangeStep.Done("create", 3);

        cancellationToken.ThrowIfCancellationRequested();
        record = record with { Slot = claimed.Slot.Id };
        Sandbox made = record.Sandbox;
        _records.PutSandbox(
            record,
            SandboxState.Live,
            [
                EventDraft.Of(EventTypes.SandboxCreated, made, new EventRecord { Image = made.Image, Name = made.Name }),
                EventDraft.Of(EventTypes.SandboxStarted, made),
                .. claimed.Mounts.Select(mount => EventDraft.Of(EventTypes.MountAdded, made.Session, mount.Mount)),
            ],
            claimed.RecordFor(made.Id));
        ChangeStep.Done("create", 4);
        undo.Complete();
        SandboxEntry entry = new(record, claimed.Slot, _time) { Mounts = claimed.Mounts, Ports = declared, Secrets = secrets };
        places.Fill(entry);
        RenewIfChanged(entry, claimed);
        _starter.Started(entry, claimed.Slot);
        if (!OwnerLives(made.Session))
        {
            // The session ended meanwhile, perhaps after it had looked for what it owns.
            await DeleteAsync(made.Id, DeleteReason.Session);
            throw RuntimeException.NoSandbox(made.Id);
        }

        CreatePhases phases = new(before.Admission, before.Image, rootfs, TimeSpan.Zero, claimed.Taking, claimed.Mounting + phase.Lap("create.start"));
        Created(_logger, record.Sandbox.Id.ToString(), record.Sandbox.Session.ToString(), claimed.FromPool, phase.Lapped.TotalMilliseconds);
        return new CreatedSandbox(entry.View, claimed.FromPool, phase.Lapped, phases);
    }

    private MountRecord NewMount(Sandbox sandbox, CapturedMount captured) => new()
    {
        Mount = new Mount
        {
            Id = MountId.New(), Sandbox = sandbox.Id, HostPath = captured.HostPath, ContainerPath = captured.ContainerPath, Mode = captured.Mode,
            Created = _time.GetUtcNow(),
        },
    };

    private Task RemoveRecordAsync(SandboxId id)
    {
        _records.RemoveSandbox(id);
        return Task.CompletedTask;
    }

    private void PutNew(SandboxRecord record)
    {
        Sandbox sandbox = record.Sandbox;
        RequireFreeName(sandbox.Session, sandbox.Name);
        try
        {
            _records.PutSandbox(record, SandboxState.Making);
        }
        catch (Linux.Sqlite.SqliteException e) when (e.Kind == Linux.Sqlite.SqliteErrorKind.Constraint && sandbox.Name is not null)
        {
            throw NameInUse(sandbox.Name, null);
        }
    }

    private void RequireFreeName(SessionId owner, string? name)
    {
        if (name is not null && _table.All.FirstOrDefault(
            e => !e.IsDeleted && e.Record.Sandbox.Session == owner && e.Record.Sandbox.Name == name) is SandboxEntry holder)
        {
            throw NameInUse(name, holder.Id);
        }
    }

    private static RuntimeException NameInUse(string name, SandboxId? holder) =>
        new(ErrorKind.NameInUse, $"the name {name} is in use by {holder?.ToString() ?? "a sandbox that is being created"}")
        {
            Details = holder is SandboxId id ? new Dictionary<string, object> { ["sandbox_id"] = id.ToString() } : new Dictionary<string, object>(),
        };

    private void OnSlotDied(SandboxEntry entry, Slot slot)
    {
        if (entry.Slot == slot)
        {
            entry.Slot = null;
            entry.Change(
                r => r with { Slot = null },
                r => _records.PutSandbox(r, SandboxState.Live, [EventDraft.Of(EventTypes.SandboxExited, r.Sandbox)]));
        }

        _pool.EndLater(slot);
    }

    private void CheckStopping()
    {
        if (_execs.IsStopping)
        {
            throw new RuntimeException(ErrorKind.ShuttingDown, "the daemon is shutting down; try again in a moment");
        }
    }

    private sealed record Timings(TimeSpan Admission, TimeSpan Image);

    [LoggerMessage(EventId = 1401, EventName = "create", Level = LogLevel.Information, Message = "Created {Sandbox} of {Session} (parked slot: {FromPool}) in {Milliseconds:F1} ms")]
    private static partial void Created(ILogger logger, string sandbox, string session, bool fromPool, double milliseconds);

    [LoggerMessage(EventId = 1402, EventName = "delete", Level = LogLevel.Information, Message = "Deleted {Sandbox}")]
    private static partial void Deleted(ILogger logger, string sandbox);
}
