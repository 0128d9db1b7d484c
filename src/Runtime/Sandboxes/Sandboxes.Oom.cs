using Microsoft.Extensions.Logging;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Runtime;

/// <content>The rollback that a kill for memory sets off.</content>
internal sealed partial class Sandboxes
{
    private Snapshot? NewestSnapshot(SandboxId id) => _snapshots.Of(id) is [.., var newest] ? newest : null;

    private async Task<OomAftermath> RollBackForOomAsync(SandboxEntry entry, OomIntent intent)
    {
        using Span? span = Span.Begin("rollback", entry.Record.Sandbox.Session, entry.Id);
        PhaseClock phase = new(span);
        try
        {
            using IDisposable turn = await entry.Turns.EnterAsync(entry.Id, "rollback", CancellationToken.None);
            if (entry.IsDeleted || _table.Find(entry.Id) != entry || entry.Record.Layer != intent.Layer)
            {
                return new OomAftermath.Overtaken();
            }

            if (_execs.IsStopping)
            {
                return new OomAftermath.Postponed();
            }

            // The caller may have deleted that snapshot meanwhile.
            if ((_snapshots.Find(intent.Snapshot) ?? NewestSnapshot(entry.Id)) is not Snapshot snapshot)
            {
                return new OomAftermath.NoSnapshot();
            }

            using Traffic.Pass pass = _traffic.Enter();
            await RollbackAsync(entry, snapshot, phase);
            SandboxMeters.RolledBack(phase.Total);
            span?.Done();
            RolledBack(_logger, entry.Id.ToString(), snapshot.Id.ToString(), phase.Total.TotalMilliseconds);
            return new OomAftermath.RolledBack(snapshot.Id);
        }
        catch (RuntimeException e) when (e.Kind == ErrorKind.NotFound)
        {
            // It was deleted while this waited for its turn.
            return new OomAftermath.Overtaken();
        }
        catch (Exception e) when ((IsExpected(e) || e is RuntimeException) && entry.Record.Layer == intent.Layer)
        {
            NotRolledBack(_logger, entry.Id.ToString(), intent.Snapshot.ToString(), e);
            return new OomAftermath.Nothing();
        }
        catch (Exception e) when (IsExpected(e))
        {
            // The files are the snapshot's already; what was to be tidied up behind that, the next start does.
            NotTidiedUp(_logger, entry.Id.ToString(), e);
            return entry.Record.Sandbox.BaseSnapshot is SnapshotId snapshot ? new OomAftermath.RolledBack(snapshot) : new OomAftermath.Overtaken();
        }
    }

    [LoggerMessage(EventId = 1422, EventName = "oom", Level = LogLevel.Warning, Message = "{Sandbox} went back to its snapshot after a kill for memory, but what ran before could not be ended whole; the next start of the daemon will")]
    private static partial void NotTidiedUp(ILogger logger, string sandbox, Exception exception);

    [LoggerMessage(EventId = 1421, EventName = "oom", Level = LogLevel.Error, Message = "{Sandbox} was to go back to {Snapshot} after a kill for memory and did not; nothing of it has changed")]
    private static partial void NotRolledBack(ILogger logger, string sandbox, string snapshot, Exception exception);
}
