using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
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

    private readonly OpenRuntime _open;
    private readonly SandboxParts _parts;
    private readonly ITimer _maintenance;

    private SleighRuntime(OpenRuntime open)
    {
        (_open, _parts) = (open, open.Parts);
        Events = new Events(_parts.Records);
        _maintenance = _parts.Time.CreateTimer(_ => Maintain(), null, MaintenanceInterval, MaintenanceInterval);
    }

    /// <summary>Sessions and their tokens.</summary>
    public ISessions Sessions => _open.Sessions;

    /// <summary>Sandboxes and their snapshots.</summary>
    public ISandboxes Sandboxes => _open.Sandboxes;

    /// <summary>Commands.</summary>
    public IExecs Execs => _parts.Execs;

    /// <summary>Files in and out of sandboxes.</summary>
    public ISandboxFiles Files => _open.Files;

    /// <summary>What has happened.</summary>
    public IEvents Events { get; }

    /// <summary>The pool of parked containers.</summary>
    public IWarmPool Pool => _parts.Pool;

    /// <summary>Images on this host.</summary>
    public IImages Images => _open.Images;

    /// <summary>What only the administrator sees of sandboxes.</summary>
    public IInspection Inspection => _open.Inspection;

    /// <summary>The host and the daemon.</summary>
    public IHost Host => _open.Host;

    /// <summary>Replies kept for repeated requests.</summary>
    public IIdempotency Idempotency => _open.Idempotency;

    /// <summary>Opens everything and takes over what an earlier run has left running.</summary>
    /// <param name="options">The settings; a change of them is followed.</param>
    /// <param name="held">The hold on their data directory. Released with the runtime; where this fails it stays the caller's.</param>
    /// <param name="loggers">Where sentences go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="phase">Told what is being done, as "opening the database".</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StartException">One sentence on what stands in the way and what to do.</exception>
    public static async Task<SleighRuntime> StartAsync(
        LiveOptions options, DataLock held, ILoggerFactory loggers, TimeProvider time, Action<string> phase, CancellationToken cancellationToken)
    {
        SleighRuntime runtime = new(await RuntimeOpening.OpenAsync(options, held, loggers, time, phase, cancellationToken));
        runtime._parts.Pool.Start();
        runtime._open.ImageUpkeep.Tick();
        return runtime;
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
    }

    /// <summary>Deletes all sandboxes, empties the pool and ends an embedded containerd: for an installation that is given up.</summary>
    public async Task RemoveAllAsync(CancellationToken cancellationToken)
    {
        foreach (Sandbox sandbox in Sandboxes.List(null))
        {
            await Sandboxes.DeleteAsync(sandbox.Id, cancellationToken);
        }

        BeginStop();
        await _parts.Pool.DrainAsync();
        await _parts.Background.DrainAsync();
        await _parts.Pool.EmptyAsync();
        await DisposeAsync(stopContainerd: true);
    }

    /// <summary>
    /// Ends all commands and containers and an embedded containerd, and unmounts the layers: nothing of ours is active then. Sandboxes
    /// stay with their files, as after a reboot: the next command in one starts it.
    /// </summary>
    /// <returns>Slots that could not be removed; the daemon log says why.</returns>
    public async Task<IReadOnlyList<string>> QuiesceAsync()
    {
        // What the start found to be nobody's is removed behind it.
        await _parts.Background.DrainAsync();
        await Task.WhenAll(_parts.Table.All.Select(_open.Sandboxes.StopAsync));
        BeginStop();
        await _parts.Background.DrainAsync();
        await _parts.Pool.EmptyAsync();
        string[] left = [.. _parts.Records.ReadSlots().Select(s => s.Id.ToString())];
        await DisposeAsync(stopContainerd: left.Length == 0);
        return left;
    }

    /// <summary>Closes everything; sandboxes, their commands and containerd go on.</summary>
    public ValueTask DisposeAsync() => DisposeAsync(stopContainerd: false);

    private async ValueTask DisposeAsync(bool stopContainerd)
    {
        BeginStop();
        await _maintenance.DisposeAsync();
        await _parts.ImageParts.Pulls.DrainAsync();
        await _parts.Pool.DrainAsync();
        await _parts.Background.DrainAsync();
        await _parts.Pool.DisposeAsync();
        foreach (SandboxEntry entry in _parts.Table.All)
        {
            if (entry.Slot is Slot slot)
            {
                await slot.DisposeAsync();
            }
        }

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
        _open.Containerd.Dispose();
        _open.Namespaces.Dispose();
        _parts.Execs.Dispose();
        _parts.Records.Dispose();
        _open.Lock.Dispose();
    }

    private void Maintain()
    {
        DateTimeOffset now = _parts.Time.GetUtcNow();
        _open.Idempotency.Sweep();
        _open.ImageUpkeep.Tick();
        _parts.Background.Run("end sessions that nobody uses", () =>
        {
            _open.Ends.Maintain();
            return Task.CompletedTask;
        });
        TimeSpan? idle = _parts.Options.Now.Sandbox.IdleTtl;
        foreach (SandboxEntry entry in _parts.Table.All.Where(e => !e.IsDeleted))
        {
            bool expired = entry.Record.Sandbox.Expires is DateTimeOffset end && end <= now;
            bool unused = idle is TimeSpan limit && entry.LastUsed + limit <= now && _parts.Execs.CountRunning(entry.Id) == 0
                && entry.Slot is not { Users.Any: true };
            if (expired || unused)
            {
                DeleteReason reason = expired ? DeleteReason.Ttl : DeleteReason.Idle;
                _parts.Background.Run($"delete {entry.Id}", () => _open.Sandboxes.DeleteAsync(entry.Id, reason));
            }
        }
    }
}
