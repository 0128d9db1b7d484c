using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Overlay;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <inheritdoc cref="IMounts"/>
/// <remarks>
/// What is recorded before each step says all that is needed to take it back or finish it: the kernel's number of a mount is known
/// before it is put in. The mounts of an entry change only while its <see cref="SandboxEntry.Starting"/> is held, so that a start of
/// the sandbox in the same moment sees them all or waits.
/// </remarks>
internal sealed partial class LiveMounts : IMounts
{
    private readonly SandboxTable _table;
    private readonly SandboxStarter _starter;
    private readonly Execs _execs;
    private readonly RecordStore _records;
    private readonly HostZones _zones;
    private readonly HostMounter _mounter;
    private readonly MountAttacher _attacher;
    private readonly Traffic _traffic;
    private readonly Background _background;
    private readonly TimeProvider _time;
    private readonly DiskLimits _limits;
    private readonly ILogger _logger;

    public LiveMounts(SandboxParts parts, HostZones zones, HostMounter mounter)
    {
        (_table, _starter, _execs, _records, _traffic, _background, _time, _logger) =
            (parts.Table, parts.Starter, parts.Execs, parts.Records, parts.Traffic, parts.Background, parts.Time, parts.Logger);
        (_zones, _mounter, _attacher, _limits) = (zones, mounter, parts.Mounts, parts.DiskLimits);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Mount> List(SandboxId id)
    {
        SandboxEntry entry = _table.Require(id);
        Slot? slot = entry.Slot;
        return [.. entry.Mounts.Select(record => record.Mount with { IsMissing = slot is not null && !record.IsIn(slot) })];
    }

    /// <inheritdoc/>
    public async Task<Mount> AddAsync(SandboxId id, MountSpec spec, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        using IDisposable turn = await entry.Turns.EnterAsync(id, "mount", cancellationToken);
        CheckStopping();
        using Traffic.Pass pass = _traffic.Enter();
        (HostDirectory source, string hostPath) = await _zones.OpenAsync(ZoneKind.Mounts, "workspace_path", spec.WorkspacePath);
        using HostDirectory kept = source;
        if (spec.Mode == MountMode.ReadWrite && !await _zones.AllowsWritingAsync(source))
        {
            throw NotWritable(spec.WorkspacePath);
        }

        Slot slot = await _starter.EnsureRunningAsync(entry, CancellationToken.None);
        await entry.Starting.WaitAsync(CancellationToken.None);
        try
        {
            using IDisposable use = Enter(entry, slot);
            _execs.Touch(entry);
            MountRecord made = await PutInAsync(entry, slot, source, new Mount
            {
                Id = MountId.New(), Sandbox = id, HostPath = hostPath, ContainerPath = spec.ContainerPath, Mode = spec.Mode, Created = _time.GetUtcNow(),
            });
            Added(_logger, made.Mount.Id.ToString(), hostPath, id.ToString(), spec.ContainerPath, spec.Mode);
            return made.Mount;
        }
        finally
        {
            entry.Starting.Release();
        }
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(SandboxId id, MountId mount, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        _ = Require(entry, mount);
        using IDisposable turn = await entry.Turns.EnterAsync(id, "unmount", cancellationToken);
        CheckStopping();
        using Traffic.Pass pass = _traffic.Enter();
        await entry.Starting.WaitAsync(CancellationToken.None);
        try
        {
            MountRecord record = Require(entry, mount);
            await TakeOutAsync(entry, record);
            _execs.Touch(entry);
            Removed(_logger, mount.ToString(), id.ToString());
        }
        finally
        {
            entry.Starting.Release();
        }
    }

    private async Task<MountRecord> PutInAsync(SandboxEntry entry, Slot slot, HostDirectory source, Mount mount)
    {
        using MountPoint point = Ensure(entry, slot, mount.ContainerPath);
        if (point.Mounted is not null || entry.Mounts.Any(other => other.Mount.ContainerPath == mount.ContainerPath))
        {
            throw Exists(entry.Mounts.FirstOrDefault(other => (other.IsIn(slot) && other.Number == point.Mounted) || other.Mount.ContainerPath == mount.ContainerPath));
        }

        using HostMount copy = Copy(slot, source, mount);
        MountRecord record = new() { Mount = mount, Slot = slot.Id, Number = copy.Number };
        await using UndoStack undo = new(_logger);
        if (!_records.AddMount(record))
        {
            throw RuntimeException.NoSandbox(entry.Id);
        }

        undo.Push($"record of {mount.Id}", _ =>
        {
            _records.RemoveMount(mount, null);
            return Task.CompletedTask;
        });
        _mounter.Attach(slot.Namespaces, copy, point);
        undo.Push($"{mount.Id}", token =>
        {
            _ = Detach(slot, record);
            return Task.CompletedTask;
        });
        _records.MarkMountLive(record, entry.Record.Sandbox.Session);
        undo.Complete();
        entry.Mounts = [.. entry.Mounts, record];
        return record;
    }

    private async Task TakeOutAsync(SandboxEntry entry, MountRecord record)
    {
        MountId id = record.Mount.Id;
        _records.MarkMountRemoving(id);
        Slot? slot = entry.Slot is { IsProcessAlive: true } running ? running : null;
        using IDisposable? use = slot?.Users.TryEnter();
        if (slot is not null && use is not null && record.IsIn(slot))
        {
            try
            {
                Uncover(entry, slot, record);
            }
            catch (IOException) when (slot.IsProcessAlive)
            {
                _records.KeepMount(id);
                throw;
            }
        }

        _records.RemoveMount(record.Mount, entry.Record.Sandbox.Session);
        entry.Mounts = [.. entry.Mounts.Where(other => other.Mount.Id != id)];
        if (slot is not null && use is not null)
        {
            try
            {
                await SettleAsync(entry, slot);
            }
            catch (IOException) when (!slot.IsProcessAlive)
            {
                // The next start puts in what is recorded.
            }
        }
    }

    // A mount that lies over the way to this one is taken off first; what went with it is put in again afterwards.
    private void Uncover(SandboxEntry entry, Slot slot, MountRecord record)
    {
        Stack<MountRecord> others = new(entry.Mounts.Where(other => other.IsIn(slot) && other.Mount.Id != record.Mount.Id));
        while (Detach(slot, record) == Detachment.Covered)
        {
            if (!others.TryPop(out MountRecord? cover))
            {
                throw new IOException($"{record.Mount.Id} lies in the sandbox, but the way to it is covered by something that is not ours");
            }

            _ = Detach(slot, cover);
        }
    }

    /// <summary>Puts in again what is recorded for a slot and not there, as after the one it lay in was taken out.</summary>
    private async Task SettleAsync(SandboxEntry entry, Slot slot)
    {
        IReadOnlySet<ulong> there = HostMounter.Numbers(slot.Namespaces);
        MountRecord[] gone = [.. entry.Mounts.Where(record => record.IsIn(slot) && !there.Contains(record.Number))];
        if (gone.Length == 0)
        {
            return;
        }

        IReadOnlyList<MountRecord> back = await _attacher.AttachAsync(slot, new WantedMounts(gone, MustHaveAll: false));
        _records.PutMounts(back);
        Dictionary<MountId, MountRecord> now = back.ToDictionary(record => record.Mount.Id);
        entry.Mounts = [.. entry.Mounts.Select(record => now.GetValueOrDefault(record.Mount.Id, record))];
    }

    private Detachment Detach(Slot slot, MountRecord record) => slot.Tree is SafeFileHandle root
        ? _mounter.Detach(slot.Namespaces, root, record.Number)
        : Detachment.NotThere;

    private static HostMount Copy(Slot slot, HostDirectory source, Mount mount)
    {
        try
        {
            return HostMount.Copy(source, mount.Mode == MountMode.ReadWrite, slot.OwnerMap);
        }
        catch (OwnersNotMappedException e)
        {
            throw new RuntimeException(ErrorKind.PathNotAllowed, $"workspace_path is not mountable: {e.Message}", e)
            {
                Hint = "ask the operator for a directory on a local filesystem such as ext4, XFS or btrfs",
                Details = new Dictionary<string, object> { ["field"] = "workspace_path" },
            };
        }
    }

    private MountPoint Ensure(SandboxEntry entry, Slot slot, string path)
    {
        try
        {
            return MountPoint.Ensure(slot.Tree!, path, slot.Owners);
        }
        catch (TreeFileException e)
        {
            throw (e.Failure, e.Obstacle) switch
            {
                (TreeFailure.Full, _) => _limits.NoRoom(entry, e, "nothing was mounted"),
                (_, TreeObstacle.NoDirectory) => new RuntimeException(ErrorKind.ContainerPathConflict, "container_path exists and is not a directory", e),
                (TreeFailure.Changed or TreeFailure.NotFound, _) => new RuntimeException(
                    ErrorKind.SandboxBusy, "something in the sandbox changed container_path while it was made", e)
                {
                    Hint = "send the request again",
                },
                _ => new RuntimeException(ErrorKind.PathNotAllowed, "container_path is not mountable", e)
                {
                    Details = new Dictionary<string, object> { ["field"] = "container_path" },
                },
            };
        }
    }

    private static IDisposable Enter(SandboxEntry entry, Slot slot)
    {
        if (entry.IsDeleted)
        {
            throw RuntimeException.NoSandbox(entry.Id);
        }

        return (entry.Slot == slot && slot.IsProcessAlive ? slot.Users.TryEnter() : null)
            ?? throw new RuntimeException(ErrorKind.SandboxBusy, $"sandbox {entry.Id} ended while the directory was being mounted") { Hint = "send the request again" };
    }

    private static MountRecord Require(SandboxEntry entry, MountId id) =>
        entry.Mounts.FirstOrDefault(record => record.Mount.Id == id)
        ?? throw new RuntimeException(ErrorKind.NotFound, $"resource not found: mount {id}");

    private static RuntimeException Exists(MountRecord? other) => new(ErrorKind.MountExists, "container_path is already a mount point")
    {
        Details = other is null ? new Dictionary<string, object>() : new Dictionary<string, object> { ["mount_id"] = other.Mount.Id.ToString() },
    };

    private static RuntimeException NotWritable(string workspacePath) =>
        new(ErrorKind.MountRwNotAllowed, "read-write mounts are not allowed for this workspace_path")
        {
            Hint = "mount it read-only, or ask the operator to add it to mounts.rw_paths",
            Details = new Dictionary<string, object> { ["workspace_path"] = "/" + workspacePath },
        };

    private void CheckStopping()
    {
        if (_execs.IsStopping)
        {
            throw new RuntimeException(ErrorKind.ShuttingDown, "the daemon is shutting down; try again in a moment");
        }
    }

    [LoggerMessage(EventId = 1460, EventName = "mount", Level = LogLevel.Information, Message = "Mounted {Mount}, {HostPath}, in {Sandbox} at {ContainerPath} ({Mode})")]
    private static partial void Added(ILogger logger, string mount, string hostPath, string sandbox, string containerPath, MountMode mode);

    [LoggerMessage(EventId = 1461, EventName = "unmount", Level = LogLevel.Information, Message = "Took {Mount} out of {Sandbox}")]
    private static partial void Removed(ILogger logger, string mount, string sandbox);
}
