using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Overlay;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <inheritdoc cref="IEnvironments"/>
internal sealed partial class Environments : IEnvironments
{
    private readonly SandboxTable _table;
    private readonly SandboxStarter _starter;
    private readonly Execs _execs;
    private readonly RecordStore _records;
    private readonly DiskLimits _limits;
    private readonly HostZones _zones;
    private readonly ILogger _logger;

    public Environments(SandboxParts parts, HostZones zones)
    {
        (_table, _starter, _execs, _records, _limits, _logger) = (parts.Table, parts.Starter, parts.Execs, parts.Records, parts.DiskLimits, parts.Logger);
        _zones = zones;
    }

    /// <inheritdoc/>
    public async Task<EnvironmentCopy> CopyAsync(SandboxId id, string environmentPath, string sandboxPath, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);
        using IDisposable turn = await entry.Turns.EnterAsync(id, "environment copy", cancellationToken);
        PhaseClock phase = new();
        (HostDirectory source, _) = await _zones.OpenAsync(ZoneKind.Environments, "environment_path", environmentPath);
        using HostDirectory kept = source;
        Slot slot = await _starter.EnsureRunningAsync(entry, CancellationToken.None);
        using IDisposable use = slot.Users.TryEnter() ?? throw Ended(entry);
        SafeFileHandle root = slot.Tree ?? throw Ended(entry);
        _execs.Touch(entry);
        TreeCopy copied = await _limits.WriteAsync(entry, (_, ending) => CopyAsync(entry, slot, source, root, sandboxPath, ending), CancellationToken.None);
        _execs.Touch(entry);
        EnvironmentCopy done = new("/" + environmentPath, sandboxPath, copied.Files, copied.Bytes, phase.Total);
        _records.AddEvent(EventDraft.Of(EventTypes.EnvironmentCopied, entry.Record.Sandbox, new EventRecord { Copied = CopyFacts.Of(done) }));
        Copied(_logger, done.EnvironmentPath, id.ToString(), sandboxPath, copied.Files, copied.Bytes, copied.LeftOut, done.Duration.TotalMilliseconds);
        return done;
    }

    private async Task<TreeCopy> CopyAsync(SandboxEntry entry, Slot slot, HostDirectory source, SafeFileHandle root, string sandboxPath, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, slot.Users.Ended);
        string wanted = entry.Record.Sandbox.User ?? entry.Record.Settings.User ?? "0";
        ResolvedUser user = SlotUsers.Find(slot, wanted, out string reason) ?? throw Failed(reason, null);
        try
        {
            // It is all waiting for the disk: not on a thread that others wait for.
            return await Task.Factory.StartNew(
                () => TreeArchives.Copy(source, root, sandboxPath, user.Uid, user.Gid, either.Token, slot.Owners),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }
        catch (OperationCanceledException) when (slot.Users.Ended.IsCancellationRequested)
        {
            throw Ended(entry);
        }
        catch (TreeFileException e)
        {
            throw e.Failure == TreeFailure.Full ? _limits.NoRoom(entry, e, "what was copied before stays") : Explain(e);
        }
        catch (IOException e)
        {
            throw Failed("the directory could not be read on the host", e);
        }
    }

    private static RuntimeException Explain(TreeFileException e) => e.Obstacle == TreeObstacle.Kernels
        ? new RuntimeException(ErrorKind.PathNotAllowed, "sandbox_path is not writable", e)
        {
            Details = new Dictionary<string, object> { ["field"] = "sandbox_path" },
        }
        : Failed(e.Message, e);

    private static RuntimeException Failed(string reason, Exception? cause) =>
        new(ErrorKind.CopyFailed, $"copy environment directory failed: {reason}", cause);

    private static RuntimeException Ended(SandboxEntry entry) => entry.IsDeleted
        ? RuntimeException.NoSandbox(entry.Id)
        : Failed($"sandbox {entry.Id} ended meanwhile", null);

    [LoggerMessage(EventId = 1470, EventName = "copy-environment", Level = LogLevel.Information, Message = "Copied {Environment} into {Sandbox} at {Path}: {Files} files, {Bytes} bytes, {LeftOut} left out, {Milliseconds:F1} ms")]
    private static partial void Copied(ILogger logger, string environment, string sandbox, string path, long files, long bytes, long leftOut, double milliseconds);
}
