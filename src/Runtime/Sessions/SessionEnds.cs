using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sleigh.Runtime;

/// <summary>
/// Ends sessions: first the token stops, which is recorded; then all that the session owns is deleted. What a crash or a failure
/// leaves is done by the next start or the next round of maintenance.
/// </summary>
internal sealed partial class SessionEnds
{
    // So long the administrator can read what became of it.
    private static readonly TimeSpan EventsKept = TimeSpan.FromHours(1);

    private const int AtOnce = 8;

    private readonly Sessions _sessions;
    private readonly Sandboxes _sandboxes;
    private readonly SandboxParts _parts;
    private readonly ConcurrentDictionary<SessionId, bool> _clearing = new();

    public SessionEnds(Sessions sessions, Sandboxes sandboxes, SandboxParts parts)
    {
        (_sessions, _sandboxes, _parts) = (sessions, sandboxes, parts);
        sandboxes.OwnerLives = sessions.IsLive;
        sessions.Clear = id => ClearAsync(id);
    }

    /// <summary>Begins to delete what sessions without a token own, as a crash leaves it.</summary>
    public void FinishAfterStart()
    {
        foreach (SandboxEntry orphan in _parts.Table.All.Where(e => !_sessions.IsLive(e.Record.Sandbox.Session)))
        {
            _parts.Background.Run($"delete {orphan.Id}", () => DeleteAsync(orphan.Id));
        }

        FinishOpen();
    }

    /// <summary>Ends sessions whose time is over, finishes what was left, and forgets what nobody needs any more.</summary>
    public void Maintain()
    {
        foreach (Session session in _sessions.TakeExpired())
        {
            Expired(_parts.Logger, session.Id.ToString());
        }

        FinishOpen();
        _parts.Records.ForgetEndedSessions(_parts.Time.GetUtcNow() - EventsKept);
    }

    private void FinishOpen()
    {
        foreach (SessionId id in _parts.Records.ReadUnclearedSessions())
        {
            _parts.Background.Run($"delete what {id} owns", () => ClearAsync(id));
        }
    }

    private async Task ClearAsync(SessionId id)
    {
        if (!_clearing.TryAdd(id, true))
        {
            return;
        }

        try
        {
            await Parallel.ForEachAsync(
                _sandboxes.List(id), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (sandbox, _) => await DeleteAsync(sandbox.Id));
            foreach (ExecId exec in _parts.Records.ReadExecIds(id))
            {
                _parts.Spool.Remove(exec);
            }

            _parts.Records.ClearSession(id);
            Cleared(_parts.Logger, id.ToString());
        }
        finally
        {
            _clearing.TryRemove(id, out _);
        }
    }

    private async Task DeleteAsync(SandboxId id)
    {
        try
        {
            await _sandboxes.DeleteAsync(id, DeleteReason.Session);
        }
        catch (RuntimeException e) when (e.Kind == ErrorKind.NotFound)
        {
            // Somebody else deleted it at the same moment.
        }
    }

    [LoggerMessage(EventId = 1701, EventName = "end-session", Level = LogLevel.Information, Message = "Session {Session} was not used for its time to live and ends")]
    private static partial void Expired(ILogger logger, string session);

    [LoggerMessage(EventId = 1702, EventName = "end-session", Level = LogLevel.Information, Message = "Deleted what session {Session} owned")]
    private static partial void Cleared(ILogger logger, string session);
}
