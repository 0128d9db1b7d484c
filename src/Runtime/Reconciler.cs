using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sleigh.Cgroups;
using Sleigh.Containerd;
using Sleigh.Overlay;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Secrets;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>
/// Brings records and host together at start. What is recorded and runs is taken over; what is recorded and gone is marked so;
/// what no record names is removed. It may be cut off anywhere: the next start does it again.
/// </summary>
internal sealed partial class Reconciler
{
    // What is stopped, or slowed by what it runs, answers late or never, and must not keep the daemon from starting: all are asked at once.
    private static readonly TimeSpan InitLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LeastLimit = TimeSpan.FromSeconds(1);
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 16 };

    private readonly SandboxParts _parts;
    private readonly Sandboxes _sandboxes;
    private readonly LiveMounts _mounts;
    private readonly SlotFactory _factory;
    private readonly StraySlots _strays;
    private readonly Trees _trees;
    private readonly ContainerdClient _containerd;
    private readonly CgroupHierarchy _hierarchy;
    private readonly SlotPaths _paths;
    private readonly string _instance;
    private readonly ILogger _logger;
    private readonly List<SlotId> _toEnd = [];
    private readonly ConcurrentDictionary<SandboxId, (SandboxRecord Record, SandboxSecrets? Secrets)> _secrets = new();
    private long _asked;

    public Reconciler(
        SandboxParts parts, Sandboxes sandboxes, LiveMounts mounts, SlotFactory factory, StraySlots strays, Trees trees, ContainerdClient containerd,
        CgroupHierarchy hierarchy, SlotPaths paths, string instance)
    {
        (_parts, _sandboxes, _mounts, _factory, _strays, _trees, _containerd, _hierarchy, _paths, _instance) =
            (parts, sandboxes, mounts, factory, strays, trees, containerd, hierarchy, paths, instance);
        _logger = parts.Logger;
    }

    /// <summary>Does it. When it returns, sandboxes are usable; removal of leftovers goes on behind it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        new SnapshotRepair(_parts.Records, _parts.Layers, SnapshotRepair.ReadBootId, _logger).Run();
        IReadOnlyList<(SandboxRecord Record, SandboxState State)> sandboxes = _parts.Records.ReadSandboxes();
        IReadOnlyList<(Snapshot Snapshot, SnapshotState State)> snapshots = _parts.Records.ReadSnapshots();
        Dictionary<SandboxId, Slot> slots = await AdoptSlotsAsync(sandboxes, cancellationToken);
        _asked = _parts.Time.GetTimestamp();
        await Task.WhenAll(sandboxes.Select(s => s.Record).Where(record => slots.ContainsKey(record.Sandbox.Id)).Select(async record =>
            _secrets[record.Sandbox.Id] = await _sandboxes.AdoptSecretsAsync(record, slots[record.Sandbox.Id], InitLimit)));

        foreach ((SandboxRecord record, SandboxState state) in sandboxes.Where(s => s.State == SandboxState.Live))
        {
            slots.TryGetValue(record.Sandbox.Id, out Slot? slot);
            SandboxRecord now = slot is null ? record with { Slot = null } : record;
            if (now != record)
            {
                _parts.Records.PutSandbox(now, SandboxState.Live, [EventDraft.Of(EventTypes.SandboxExited, now.Sandbox)]);
            }

            if (now.Sandbox.Network == NetworkMode.Host && !_parts.Options.Now.Network.AllowHost)
            {
                InHostNetwork(_logger, now.Sandbox.Id.ToString(), slot is not null);
            }

            SandboxEntry entry = new(now, slot, _parts.Time);
            if (slot is not null)
            {
                (SandboxRecord named, SandboxSecrets? secrets) = _secrets[now.Sandbox.Id];
                entry = new SandboxEntry(named, slot, _parts.Time) { Secrets = secrets };
            }

            _parts.Table.Add(entry);
        }

        await LimitDisksAsync();
        _mounts.Adopt();

        foreach ((Snapshot snapshot, SnapshotState state) in snapshots.Where(s => s.State == SnapshotState.Sealed))
        {
            _parts.Snapshots.Add(snapshot);
        }

        await AdoptExecsAsync(sandboxes);
        await _parts.FileWrites.ForgetAsync(_parts.Table);
        Adopted(_logger, _parts.Table.Count, slots.Count, _parts.Execs.CountRunning(null), _parts.Pool.Status.Available);
        _sandboxes.FinishSnapshots();
        Leftovers leftovers = await FindLeftoversAsync();
        _parts.Execs.Rollbacks.Allow();
        _parts.Background.Run("remove what no record names", () => SweepAsync(sandboxes, snapshots, leftovers));
    }

    private async Task<Dictionary<SandboxId, Slot>> AdoptSlotsAsync(
        IReadOnlyList<(SandboxRecord Record, SandboxState State)> sandboxes, CancellationToken cancellationToken)
    {
        Dictionary<SlotId, SandboxId> owners = sandboxes
            .Where(s => s is { State: SandboxState.Live, Record.Slot: not null })
            .ToDictionary(s => s.Record.Slot!.Value, s => s.Record.Sandbox.Id);
        Dictionary<SandboxId, string> layers = sandboxes.ToDictionary(s => s.Record.Sandbox.Id, s => s.Record.Layer);
        Dictionary<SandboxId, Slot> claimed = [];
        IReadOnlyList<SlotRecord> records = _parts.Records.ReadSlots();
        ConcurrentDictionary<SlotId, (Slot Slot, bool HasTree)> adopted = new();
        await Parallel.ForEachAsync(records.Where(r => owners.ContainsKey(r.Id) || r.State == SlotState.Parked), AtOnce, async (record, _) =>
        {
            if (await _factory.AdoptAsync(record, cancellationToken) is Slot slot)
            {
                adopted[record.Id] = (slot, await _trees.ReopenAsync(slot, cancellationToken));
            }
        });
        foreach (SlotRecord record in records)
        {
            bool owned = owners.TryGetValue(record.Id, out SandboxId owner);
            (Slot? slot, bool hasTree) = adopted.GetValueOrDefault(record.Id);
            switch (slot)
            {
                case not null when owned && hasTree:
                    slot.Layer = layers[owner];
                    claimed.Add(owner, slot);
                    break;
                case not null when !owned && !hasTree && _parts.Pool.TryAdd(slot):
                    break;
                default:
                    if (slot is not null)
                    {
                        await slot.DisposeAsync();
                    }

                    _toEnd.Add(record.Id);
                    break;
            }
        }

        return claimed;
    }

    // They survive the daemon; after a crash of the host, or when somebody switched quotas off, they are missing.
    private async Task LimitDisksAsync()
    {
        foreach (SandboxEntry entry in _parts.Table.All.Where(e => e.Record.DiskLimitBytes is not null))
        {
            try
            {
                await _parts.DiskLimits.HoldAsync(LayerId.Parse(entry.Record.Layer), entry.Record.DiskLimitBytes);
                entry.DiskLimitKind = _parts.DiskLimits.KindOf(entry.Record);
            }
            catch (Exception e) when (e is LayerLimitException or LayerConflictException or IOException)
            {
                NotLimited(_logger, entry.Id.ToString(), e);
            }
        }
    }

    private async Task AdoptExecsAsync(IReadOnlyList<(SandboxRecord Record, SandboxState State)> sandboxes)
    {
        Dictionary<SandboxId, SandboxEntry> gone = sandboxes.Where(s => s.State != SandboxState.Live)
            .ToDictionary(s => s.Record.Sandbox.Id, s => new SandboxEntry(s.Record, null, _parts.Time));
        foreach (ExecRow row in _parts.Records.ReadOpenExecs())
        {
            if ((_parts.Table.Find(row.Exec.Sandbox) ?? gone.GetValueOrDefault(row.Exec.Sandbox)) is SandboxEntry entry)
            {
                Slot? slot = entry.Slot?.Id == row.Slot ? entry.Slot : null;
                _parts.Execs.Adopt(row, entry, slot);
            }
            else
            {
                _parts.Records.FinishExec(row.Exec with
                {
                    Status = ExecStatus.Failed, Error = "sandbox was deleted while the command was running", Completed = _parts.Time.GetUtcNow(),
                }, oomTold: row.Rollback is not null);
            }
        }

        List<(SandboxEntry Entry, Slot Slot)> running = [];
        foreach (SandboxEntry entry in _parts.Table.All)
        {
            if (entry.Slot is Slot slot)
            {
                running.Add((entry, slot));

                // One left frozen by a death between freeze and thaw goes on.
                slot.Execs.Thaw();
                _parts.Execs.Follow(entry, slot);
                _parts.Background.Run($"put the recorded limit of {entry.Id} in force", () => _parts.Memory.SettleAsync(entry, slot));
                if (slot.Mode == NetworkMode.Bridge)
                {
                    // The operator's denials may be others by now; and who may ask for names is known to the daemon alone.
                    _parts.Background.Run($"put the policy of {entry.Id} in force", () => _sandboxes.RenewEgressAsync(entry));
                }

                _parts.Memory.Watch(entry, slot);
            }
        }

        TimeSpan left = InitLimit - _parts.Time.GetElapsedTime(_asked);
        await Task.WhenAll(running.Select(of => SettleAsync(of.Entry, of.Slot, left > LeastLimit ? left : LeastLimit)));
    }

    // It goes on behind the start where sleigh-init is slow, and ends with the connection where it is gone.
    private async Task SettleAsync(SandboxEntry entry, Slot slot, TimeSpan limit)
    {
        try
        {
            await _parts.Execs.SettleAsync(slot).WaitAsync(limit, _parts.Time);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            NotSettled(_logger, entry.Id.ToString(), e);
        }
    }

    // Looked for before anything new is made: what is made later is nobody's leftover.
    private async Task<Leftovers> FindLeftoversAsync()
    {
        string cgroups = _hierarchy.Absolute(_parts.Options.Now.Cgroup.Subtree);
        HashSet<string> slots = [.. _parts.Records.ReadSlots().Select(s => s.Id.ToString())];
        HashSet<string> live = [.. _parts.Records.ReadSandboxes().Select(s => s.Record.Layer)];
        HashSet<string> sealedOnes = [.. _parts.Records.ReadSnapshots().Select(s => LayerId.Sealed(s.Snapshot.Id.Hex).ToString())];
        LayerInventory layers = _parts.Layers.List();
        return new Leftovers(
            [.. (await _containerd.Containers.ListAsync())
                .Where(c => c.Labels.TryGetValue(SlotFactory.InstanceLabel, out string? instance) && instance == _instance).Select(c => c.Id)
                .Concat(Names(cgroups)).Concat(Names(_paths.All))
                .Where(name => SlotId.IsValid(name) && !slots.Contains(name)).Select(SlotId.Parse).Concat(_strays.Find()).Distinct()],
            [.. layers.Live.Where(l => !live.Contains(l.ToString()))],
            [.. layers.Sealed.Where(l => !sealedOnes.Contains(l.ToString()))]);
    }

    private static IEnumerable<string> Names(string directory) =>
        Directory.Exists(directory) ? Directory.GetDirectories(directory).Select(Path.GetFileName).OfType<string>() : [];

    private async Task SweepAsync(
        IReadOnlyList<(SandboxRecord Record, SandboxState State)> sandboxes,
        IReadOnlyList<(Snapshot Snapshot, SnapshotState State)> snapshots,
        Leftovers leftovers)
    {
        foreach (SlotId slot in _toEnd.Concat(leftovers.Slots))
        {
            Removing(_logger, "slot", slot.ToString());
            try
            {
                await _factory.DestroyAsync(slot, CancellationToken.None);
            }
            catch (Exception e) when (SlotLeftovers.IsPassing(e))
            {
                _factory.Leftovers.Add(slot, e);
            }
        }

        foreach ((SandboxRecord record, _) in sandboxes.Where(s => s.State != SandboxState.Live))
        {
            Snapshot[] of = [.. snapshots.Where(s => s.Snapshot.Sandbox == record.Sandbox.Id).Select(s => s.Snapshot)];
            await EachAloneAsync($"sandbox {record.Sandbox.Id}", () => _sandboxes.RemoveFilesAsync(new SandboxEntry(record, null, _parts.Time), of));
        }

        HashSet<SandboxId> live = [.. sandboxes.Where(s => s.State == SandboxState.Live).Select(s => s.Record.Sandbox.Id)];
        foreach ((Snapshot snapshot, _) in snapshots.Where(s => s.State != SnapshotState.Sealed && live.Contains(s.Snapshot.Sandbox)))
        {
            await EachAloneAsync($"snapshot {snapshot.Id}", () => _sandboxes.RemoveSnapshotAsync(snapshot.Id));
        }

        foreach (LayerId layer in leftovers.Live)
        {
            Removing(_logger, "layer", layer.ToString());
            await EachAloneAsync($"layer {layer}", () => _parts.Layers.DeleteLiveAsync(layer));
        }

        foreach (LayerId layer in leftovers.Sealed)
        {
            Removing(_logger, "layer", layer.ToString());
            await EachAloneAsync($"layer {layer}", () => _parts.Layers.DeleteSealedAsync(layer));
        }

        await EachAloneAsync("output of commands", () =>
        {
            SpoolSweep.Run(_parts.Spool, _parts.Records);
            return Task.CompletedTask;
        });
        await _parts.Layers.EmptyTrashAsync();
    }

    // What cannot be removed keeps nothing else from being removed; the next start tries it again.
    private async Task EachAloneAsync(string what, Func<Task> remove)
    {
        try
        {
            await remove();
        }
        catch (Exception e) when (SlotLeftovers.IsPassing(e) || e is LayerConflictException or RuntimeException)
        {
            NotRemoved(_logger, what, e);
        }
    }

    private sealed record Leftovers(List<SlotId> Slots, List<LayerId> Live, List<LayerId> Sealed);

    [LoggerMessage(EventId = 1501, EventName = "reconcile", Level = LogLevel.Information, Message = "Found {Sandboxes} sandboxes, {Running} of them running, {Execs} commands without an end, {Parked} parked slots")]
    private static partial void Adopted(ILogger logger, int sandboxes, int running, int execs, int parked);

    [LoggerMessage(EventId = 1515, EventName = "reconcile", Level = LogLevel.Warning, Message = "{Sandbox} was made in the host's network, which network.allow_host does not allow any more (running: {Running}); it stays there until it ends, and gets no other container")]
    private static partial void InHostNetwork(ILogger logger, string sandbox, bool running);

    [LoggerMessage(EventId = 1503, EventName = "reconcile", Level = LogLevel.Warning, Message = "The disk limit of {Sandbox} is not in force")]
    private static partial void NotLimited(ILogger logger, string sandbox, Exception exception);

    [LoggerMessage(EventId = 1508, EventName = "reconcile", Level = LogLevel.Warning, Message = "sleigh-init of {Sandbox} did not say which commands have ended; their results may come late")]
    private static partial void NotSettled(ILogger logger, string sandbox, Exception exception);

    [LoggerMessage(EventId = 1509, EventName = "reconcile", Level = LogLevel.Error, Message = "Could not remove {What}, which no sandbox has; the next start of the daemon will try again")]
    private static partial void NotRemoved(ILogger logger, string what, Exception exception);

    [LoggerMessage(EventId = 1502, EventName = "reconcile", Level = LogLevel.Warning, Message = "Removing {Kind} {Name}: no sandbox has it")]
    private static partial void Removing(ILogger logger, string kind, string name);
}
