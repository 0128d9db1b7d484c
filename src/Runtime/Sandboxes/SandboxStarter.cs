using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
using Sleigh.Network;
using Sleigh.Overlay;
using Sleigh.Runtime.Networking;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Secrets;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>Brings a sandbox's files and a slot together: at create, fork and rollback, and again for a sandbox that has exited.</summary>
internal sealed class SandboxStarter
{
    private readonly SlotPool _pool;
    private readonly SandboxNetworks _networks;
    private readonly Trees _trees;
    private readonly MountAttacher _mounts;
    private readonly LayerStore _layers;
    private readonly ImageStore _images;
    private readonly RecordStore _records;
    private readonly ILogger _logger;

    public SandboxStarter(
        SlotPool pool, SandboxNetworks networks, Trees trees, MountAttacher mounts, LayerStore layers, ImageStore images, RecordStore records, ILogger logger) =>
        (_pool, _networks, _trees, _mounts, _layers, _images, _records, _logger) = (pool, networks, trees, mounts, layers, images, records, logger);

    /// <summary>Told of each slot in which a sandbox begins to run; set once, before anything starts.</summary>
    public Action<SandboxEntry, Slot> Started { get; set; } = (_, _) => { };

    /// <summary>Puts the disk limit of a layer in force, if it has one; set once, before anything starts.</summary>
    public Func<LayerId, long?, CancellationToken, Task> HoldDisk { get; set; } = (_, _, _) => Task.CompletedTask;

    /// <summary>Lets a slot that was frozen to save memory go on; set once, before anything starts.</summary>
    public Action<SandboxEntry, Slot> Resuming { get; set; } = (_, _) => { };

    /// <summary>
    /// Takes a slot with the limits that the sandbox starts with, and puts the tree, the sandbox's mounts and its secrets in it. When it fails, no
    /// slot is left.
    /// </summary>
    /// <exception cref="ContainerdException">containerd refused or did not answer.</exception>
    /// <exception cref="IOException">The kernel refused.</exception>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.MountSourceMissing"/> where all mounts must be there;
    /// <see cref="ErrorKind.HostNetworkNotAllowed"/>.</exception>
    public Task<ClaimedSlot> ClaimAsync(
        SandboxRecord record, LiveLayer layer, IReadOnlyList<string> lowers, WantedMounts mounts, SandboxSecrets? secrets, PhaseClock phase,
        CancellationToken cancellationToken) =>
        ClaimAsync(record, record.Limits, layer, lowers, mounts, secrets, phase, cancellationToken);

    /// <summary>As above, with limits that have grown.</summary>
    public async Task<ClaimedSlot> ClaimAsync(
        SandboxRecord record, SlotLimits limits, LiveLayer layer, IReadOnlyList<string> lowers, WantedMounts mounts, SandboxSecrets? secrets,
        PhaseClock phase, CancellationToken cancellationToken)
    {
        RequireAllowed(record.Sandbox);
        (Slot slot, bool fromPool) = await _pool.TakeAsync(limits, record.Sandbox.RuntimeClass, record.Sandbox.Network, cancellationToken);
        TimeSpan taken = phase.Lap("create.create");
        IReadOnlyList<MountRecord> attached;
        SleighOptions? policy = null;
        try
        {
            if (slot.Network is SandboxNamespace network)
            {
                // Before there is anything in it that could send.
                policy = _networks.Options;
                await _networks.ApplyAsync(network, record.Sandbox.Egress, cancellationToken);
            }

            await _trees.MountAsync(slot, record, layer, lowers, cancellationToken);
            attached = await _mounts.AttachAsync(slot, mounts);
            await HoldDisk(layer.Id, record.DiskLimitBytes, cancellationToken);

            if (secrets is { Names.Count: > 0 })
            {
                // Before any record names the slot: a daemon that finds it there finds them in it.
                await slot.Init.HoldAsync(secrets.ToBytes(), CancellationToken.None);
            }
        }
        catch (Exception)
        {
            _pool.EndLater(slot);
            throw;
        }

        return new ClaimedSlot(slot, fromPool, taken, phase.Lap("create.mount")) { Mounts = attached, Policy = policy };
    }

    /// <summary>
    /// Refuses a container in the host's network where the operator does not allow them any more. What runs in one goes on: a process stays in its network.
    /// </summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.HostNetworkNotAllowed"/>.</exception>
    public void RequireAllowed(Sandbox sandbox)
    {
        if (sandbox.Network == NetworkMode.Host && !_networks.Options.Network.AllowHost)
        {
            throw RuntimeException.HostNetwork(
                $"network of sandbox {sandbox.Id} is 'host', which the operator does not allow any more with the setting network.allow_host, so no container can be made for it");
        }
    }

    /// <summary>The slot a sandbox runs in; one that has exited is started first.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.SandboxStartFailed"/>, ...</exception>
    public async Task<Slot> EnsureRunningAsync(SandboxEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Slot is { IsProcessAlive: true } running)
        {
            if (running.IsSqueezed)
            {
                Resuming(entry, running);
            }

            return running;
        }

        await entry.Starting.WaitAsync(cancellationToken);
        try
        {
            if (entry.IsDeleted)
            {
                throw RuntimeException.NoSandbox(entry.Id);
            }

            return entry.Slot is { IsProcessAlive: true } slot ? slot : await StartAsync(entry, cancellationToken);
        }
        catch (Exception e) when (e is IOException or ContainerdException or LayerConflictException or SharedMountsException or LayerLimitException)
        {
            throw Failures.Translate(
                e, ErrorKind.SandboxStartFailed, $"sandbox {entry.Id} could not be started; the daemon log has the cause under this request id");
        }
        finally
        {
            entry.Starting.Release();
        }
    }

    private async Task<Slot> StartAsync(SandboxEntry entry, CancellationToken cancellationToken)
    {
        await using UndoStack undo = new(_logger);
        SandboxRecord record = entry.Record;
        LayerId id = LayerId.Parse(record.Layer);

        // The work directory can be made anew only once no overlay of the old slot is left.
        await _pool.LayerFreeAsync(record.Layer, hurry: true);

        // The mount changes the layer, but not what its files hold.
        bool isUnchanged = record is { Mark: LayerMark before, Sandbox.AutoSnapshot: not AutoSnapshot.Off }
            && await _layers.MarkAsync(id, cancellationToken) == before;
        if (record.DiskLimitBytes is not null)
        {
            // In a full layer there is no room for a work directory. The limit comes back with the tree, before any command.
            await _layers.SetLimitAsync(id, null, cancellationToken);
        }

        LiveLayer layer = await _layers.OpenLiveAsync(id, renewWork: true, cancellationToken);
        IReadOnlyList<string> lowers = await LowersAsync(record, cancellationToken);
        ClaimedSlot claimed = await ClaimAsync(record, layer, lowers, new WantedMounts(entry.Mounts, MustHaveAll: false), entry.Secrets, new PhaseClock(), cancellationToken);
        undo.Push($"slot {claimed.Slot.Id}", _ =>
        {
            _pool.EndLater(claimed.Slot);
            return Task.CompletedTask;
        });
        LayerMark? mark = isUnchanged ? await _layers.MarkAsync(id, cancellationToken) : null;
        entry.Change(
            r => r with { Slot = claimed.Slot.Id, Mark = r.Mark == record.Mark ? mark : null },
            r => _records.PutSandbox(
                r, SandboxState.Live, [EventDraft.Of(EventTypes.SandboxStarted, r.Sandbox)], claimed.RecordFor(entry.Id)));
        undo.Complete();
        entry.Mounts = claimed.Mounts;
        entry.Slot = claimed.Slot;
        Started(entry, claimed.Slot);
        return claimed.Slot;
    }

    private async Task<IReadOnlyList<string>> LowersAsync(SandboxRecord record, CancellationToken cancellationToken)
    {
        try
        {
            return await _images.LowersAsync(record.Chain, cancellationToken);
        }
        catch (ContainerdException e) when (e.Kind == ContainerdErrorKind.NotFound)
        {
            // As after a restore without containerd's files. Only the very same layers will do.
            throw new RuntimeException(
                ErrorKind.SandboxStartFailed,
                $"sandbox {record.Sandbox.Id} could not be started: the layers of its image {record.Sandbox.Image} are not on this host", e)
            {
                Hint = "pull or import that version of the image again",
            };
        }
    }
}
