using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
using Sleigh.Runtime.Auditing;
using Sleigh.Runtime.CodeWriting;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>
/// The running whole: opened from the configuration, reconciled with the host, closed without touching a sandbox. One per data
/// directory at a time, held by a lock file.
/// </summary>
public sealed partial class SleighRuntime : IAsyncDisposable
{
    private static readonly TimeSpan MaintenanceInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ExpiryInterval = TimeSpan.FromSeconds(1);

    private const int CursorSecretLength = 64;

    private readonly OpenRuntime _open;
    private readonly SandboxParts _parts;
    private readonly ITimer _maintenance;
    private readonly ITimer _expiry;

    private SleighRuntime(OpenRuntime open)
    {
        (_open, _parts) = (open, open.Parts);
        Events = new Events(_parts.Records);
        CodeWriter = new CodeWriter(_parts);
        Storage = new Storage(_parts.Layers, _parts.Table, _parts.Snapshots, open.Scrubs);
        CursorSecret = _parts.Records.MetaOrAdd("cursor_secret", () => RandomNumberGenerator.GetHexString(CursorSecretLength, lowercase: true));
        _maintenance = _parts.Time.CreateTimer(_ => Maintain(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _expiry = _parts.Time.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sessions and their tokens.</summary>
    public ISessions Sessions => _open.Sessions;

    /// <summary>Sandboxes and their snapshots.</summary>
    public ISandboxes Sandboxes => _open.Sandboxes;

    /// <summary>Commands.</summary>
    public IExecs Execs => _parts.Execs;

    /// <summary>Files in and out of sandboxes.</summary>
    public ISandboxFiles Files => _open.Files;

    /// <summary>Changes of files with checks and builds.</summary>
    public ICodeWriter CodeWriter { get; }

    /// <summary>Directories of the host in sandboxes.</summary>
    public IMounts Mounts => _open.Mounts;

    /// <summary>Servers inside sandboxes.</summary>
    public IPorts Ports => _open.Ports;

    /// <summary>Directories of the host that are copied into sandboxes.</summary>
    public IEnvironments Environments => _open.Environments;

    /// <summary>The directories of the host that agents may use.</summary>
    public IZones Zones => _open.Zones;

    /// <summary>What has changed since a snapshot.</summary>
    public ISnapshotDiffs Diffs => _open.Diffs;

    /// <summary>Snapshots for other tools and hosts.</summary>
    public ISnapshotExports Exports => _open.Exports;

    /// <summary>What has happened.</summary>
    public IEvents Events { get; }

    /// <summary>Memory of sandboxes and the host's ledger.</summary>
    public IMemory Memory => _parts.Memory;

    /// <summary>The pool of parked containers.</summary>
    public IWarmPool Pool => _parts.Pool;

    /// <summary>Images on this host.</summary>
    public IImages Images => _open.Images;

    /// <summary>What only the administrator sees of sandboxes.</summary>
    public IInspection Inspection => _open.Inspection;

    /// <summary>Whether records, layers and mounts agree.</summary>
    public IFsck Fsck => _open.Fsck;

    /// <summary>The layer store, for the administrator.</summary>
    public IStorage Storage { get; }

    /// <summary>The host and the daemon.</summary>
    public IHost Host => _open.Host;

    /// <summary>Telling others of the end of commands.</summary>
    public IWebhooks Webhooks => _open.Webhooks;

    /// <summary>What is removed because its time is over.</summary>
    public IMaintenance Maintenance => _open.Retention;

    /// <summary>Signs cursors where <c>cursor.secret</c> is not set; made at first start.</summary>
    public string CursorSecret { get; }

    /// <summary>Replies kept for repeated requests.</summary>
    public IIdempotency Idempotency => _open.Idempotency;

    /// <summary>Opens everything and takes over what an earlier run has left running. Nothing is done by itself before <see cref="Begin"/>.</summary>
    /// <param name="options">The settings; a change of them is followed.</param>
    /// <param name="held">The hold on their data directory. Released with the runtime; where this fails it stays the caller's.</param>
    /// <param name="loggers">Where sentences go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="phase">Told what is being done, as "opening the database".</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StartException">One sentence on what stands in the way and what to do.</exception>
    public static async Task<SleighRuntime> OpenAsync(
        LiveOptions options, DataLock held, ILoggerFactory loggers, TimeProvider time, Action<string> phase, CancellationToken cancellationToken) =>
        new(await RuntimeOpening.OpenAsync(options, held, loggers, time, phase, cancellationToken));

    /// <summary>Begins what goes on by itself: growth of memory, the pool, webhooks, clean-up. Once, and not for a runtime that is opened to be emptied.</summary>
    /// <param name="audit">Gets a line for each delete that no request asked for.</param>
    public void Begin(IAudit audit)
    {
        _open.Sandboxes.DeletedUnasked = (sandbox, reason) => audit.TryWrite(AuditEntry.OfDelete(_parts.Time.GetUtcNow(), sandbox, reason));
        _parts.Growth?.Start();
        _parts.Background.Run("open the network of the sandboxes", _parts.Networks.OpenAheadAsync);
        _parts.Pool.Start();
        _open.Proc.Start();
        _parts.Spool.Spares.Open();
        _parts.DiskLimits.Start();
        _open.Refusals.Start();
        _open.ImageUpkeep.Tick();
        _open.WebhookDeliverer.Start();
        _open.Ports.Start();
        _open.Retention.Start();
        _maintenance.Change(MaintenanceInterval, MaintenanceInterval);
        _expiry.Change(ExpiryInterval, ExpiryInterval);
    }

    /// <summary>
    /// Completes when the records and the table of sandboxes have answered once more, on the thread pool: what hangs there never does. An
    /// error of the disk is an answer, and neither containerd nor the layer store is asked.
    /// </summary>
    public Task RespondAsync() => Task.Run(() =>
    {
        _ = _parts.Table.All.Count();
        try
        {
            _ = _parts.Records.Answers();
        }
        catch (Linux.Sqlite.SqliteException)
        {
            // It answered.
        }
    });

    /// <summary>From now on new work is refused and pulls are taken back; commands that run go on.</summary>
    public void BeginStop()
    {
        _parts.Execs.BeginStop();
        _parts.ImageParts.Pulls.Stop();
        _parts.Pool.BeginStop();
        _open.WebhookDeliverer.BeginStop();
    }

    /// <summary>Deletes all sandboxes, empties the pool and ends an embedded containerd: for an installation that is given up.</summary>
    /// <returns>Slots, or the network, that could not be removed; the daemon log says why. An embedded containerd then goes on.</returns>
    public async Task<IReadOnlyList<string>> RemoveAllAsync(CancellationToken cancellationToken)
    {
        foreach (Sandbox sandbox in Sandboxes.List(null))
        {
            await Sandboxes.DeleteAsync(sandbox.Id, cancellationToken);
        }

        BeginStop();
        await _parts.Pool.DrainAsync();
        await _parts.Background.DrainAsync();
        return await EndSlotsAsync();
    }

    /// <summary>
    /// Ends all commands and containers and an embedded containerd, and unmounts the layers: nothing of ours is active then. Sandboxes
    /// stay with their files, as after a reboot: the next command in one starts it.
    /// </summary>
    /// <returns>Slots, or the network, that could not be removed; the daemon log says why.</returns>
    public async Task<IReadOnlyList<string>> QuiesceAsync()
    {
        // What the start found to be nobody's is removed behind it.
        await _parts.Background.DrainAsync();
        await Task.WhenAll(_parts.Table.All.Select(_open.Sandboxes.StopAsync));
        BeginStop();
        await _parts.Background.DrainAsync();
        return await EndSlotsAsync();
    }

    private async Task<IReadOnlyList<string>> EndSlotsAsync()
    {
        await _parts.Pool.EmptyAsync();
        string[] left = await _open.Strays.EndAllAsync();
        return await CloseAsync(stopContainerd: left.Length == 0) ? left : [.. left, "the network"];
    }

    /// <summary>Closes everything; sandboxes, their commands and containerd go on.</summary>
    public async ValueTask DisposeAsync() => _ = await CloseAsync(stopContainerd: false);

    // False: all is closed, and the network of the sandboxes is still there.
    private async Task<bool> CloseAsync(bool stopContainerd)
    {
        BeginStop();
        await _maintenance.DisposeAsync();
        await _expiry.DisposeAsync();
        await _open.Retention.DisposeAsync();
        await _open.Scrubs.DisposeAsync();
        await _open.Proc.DisposeAsync();
        await _parts.DiskLimits.DisposeAsync();
        await _open.Refusals.DisposeAsync();
        await _open.Ports.DisposeAsync();
        await _parts.ImageParts.Pulls.DrainAsync();
        await _open.Idempotency.DrainAsync();
        await _parts.Pool.DrainAsync();
        await _parts.Background.DrainAsync();
        await _open.WebhookDeliverer.DisposeAsync();
        await _parts.Pool.DisposeAsync();
        bool isGone = !stopContainerd || await _parts.Networks.TryRemoveAllAsync();
        foreach (SandboxEntry entry in _parts.Table.All)
        {
            if (entry.Slot is Slot slot)
            {
                await slot.DisposeAsync();
            }
        }

        if (_parts.Growth is GrowthLoop growth)
        {
            await growth.DisposeAsync();
        }

        await _open.Teller.DisposeAsync();
        await _parts.Layers.CloseAsync(unmount: stopContainerd);
        if (_open.Supervisor is ContainerdSupervisor supervisor)
        {
            if (stopContainerd)
            {
                await supervisor.StopAsync();
            }

            await supervisor.DisposeAsync();
        }

        _parts.ImageParts.Puller.Dispose();
        _open.WebhookSender.Dispose();
        _open.Exports.Dispose();
        _open.Containerd.Dispose();
        _open.Namespaces.Dispose();
        _open.Network.Dispose();
        _parts.Execs.Dispose();
        _parts.Spool.Spares.Dispose();
        await _parts.Networks.DisposeAsync();
        _open.Users.Dispose();
        _parts.Records.Dispose();
        _open.Subtree.Dispose();
        _open.Lock.Dispose();
        return isGone;
    }

    private void Maintain()
    {
        DateTimeOffset now = _parts.Time.GetUtcNow();
        _open.Ports.TouchConnected();
        _open.Idempotency.Sweep();
        _open.ImageUpkeep.Tick();
        _parts.Background.Run("end sessions that nobody uses", () =>
        {
            _open.Ends.Maintain();
            return Task.CompletedTask;
        });
        _parts.Background.Run("look for slots that came up late", _open.Strays.SweepAsync);
        _parts.Background.Run("follow the host's addresses", _parts.Networks.RefreshAsync);
        _open.Sandboxes.RenewDueEgress();
        _parts.Background.Run("count anew what layers hold", () => _parts.Layers.MendQuotaAsync());
        _parts.Background.Run("begin a check of the layers", () =>
        {
            _open.Scrubs.Tick();
            return Task.CompletedTask;
        });
        TimeSpan? idle = _parts.Options.Now.Sandbox.IdleTtl;
        foreach (SandboxEntry entry in _parts.Table.All.Where(e => !e.IsDeleted))
        {
            if (idle is TimeSpan limit && entry.LastUsed + limit <= now && _parts.Execs.CountRunning(entry.Id) == 0
                && entry.Slot is not { Users.Any: true } and not { Connections.Any: true })
            {
                Delete(entry, DeleteReason.Idle);
            }
        }
    }

    // Whoever set a time to live in seconds counts on them.
    private void Expire()
    {
        DateTimeOffset now = _parts.Time.GetUtcNow();
        foreach (SandboxEntry entry in _parts.Table.All.Where(e => !e.IsDeleted && e.Record.Sandbox.Expires is DateTimeOffset end && end <= now))
        {
            Delete(entry, DeleteReason.Ttl);
        }
    }

    private void Delete(SandboxEntry entry, DeleteReason reason) =>
        _parts.Background.Run($"delete {entry.Id}", () => _open.Sandboxes.DeleteAsync(entry.Id, reason));
}
