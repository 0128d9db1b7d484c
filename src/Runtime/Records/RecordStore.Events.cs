using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Records;

/// <summary>Events: each is written in the transaction of the change it reports, and the oldest of a session make room for it.</summary>
internal sealed partial class RecordStore
{
    private const string EventColumns = "number, session, seq, type, time, sandbox, exec, data";

    /// <summary>Who is told once events are committed.</summary>
    public EventWatches Watches { get; } = new();

    /// <summary>The newest number of a session, or over all.</summary>
    public long NewestEvent(SessionId? session) => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare(session is null
            ? "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'"
            : "SELECT coalesce(max(seq), 0) FROM events WHERE session = ?1");
        if (session is SessionId id)
        {
            select.Bind(1, id.ToString());
        }

        return select.Step() ? select.GetInt64(0) : 0;
    });

    /// <summary>Events behind a number, oldest first.</summary>
    public IReadOnlyList<SessionEvent> ReadEvents(SessionId? session, long after, int limit) => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare(session is null ? AllEventsSql : EventsSql);
        select.Bind(1, after).Bind(2, limit);
        if (session is SessionId id)
        {
            select.Bind(3, id.ToString());
        }

        return ReadAll(select, ReadEvent);
    });

    /// <summary>What is asked for events of all sessions behind ?1, at most ?2.</summary>
    internal const string AllEventsSql = $"SELECT {EventColumns} FROM events WHERE number > ?1 ORDER BY number LIMIT ?2";

    /// <summary>The same of one session, ?3.</summary>
    internal const string EventsSql = $"SELECT {EventColumns} FROM events WHERE seq > ?1 AND session = ?3 ORDER BY seq LIMIT ?2";

    /// <summary>Records an event that comes with no other change of the records.</summary>
    public void AddEvent(EventDraft draft) => WriteAndTell(_ => [draft]);

    /// <summary>Records events that report no change of a record.</summary>
    public void Tell(IReadOnlyList<EventDraft> events) => WriteAndTell(_ => events);

    /// <summary>Does the work and records the events it gives, as one step; then tells who watches.</summary>
    private void WriteAndTell(Func<SqliteConnection, IReadOnlyList<EventDraft>> work)
    {
        IReadOnlyList<EventDraft> events = _database.Write(db =>
        {
            IReadOnlyList<EventDraft> drafts = work(db);
            foreach (EventDraft draft in drafts)
            {
                Append(db, draft);
            }

            return drafts;
        });
        foreach (EventDraft told in events)
        {
            Watches.Tell(told.Session);
        }
    }

    private void Append(SqliteConnection db, EventDraft draft)
    {
        string session = draft.Session.ToString();
        using SqliteStatement newest = db.Prepare("SELECT coalesce(max(seq), 0) + 1 FROM events WHERE session = ?1");
        newest.Bind(1, session).Step();
        long seq = newest.GetInt64(0);
        using SqliteStatement insert = db.Prepare(
            "INSERT INTO events (session, seq, type, time, sandbox, exec, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
        insert.Bind(1, session).Bind(2, seq).Bind(3, draft.Type).Bind(4, Time(_time.GetUtcNow())).Bind(5, draft.Sandbox?.ToString())
            .Bind(6, draft.Exec?.ToString()).Bind(7, draft.Data is null ? null : Json(draft.Data, RecordJson.Default.EventRecord)).Run();
        int kept = _keptEvents();
        if (seq > kept)
        {
            using SqliteStatement trim = db.Prepare("DELETE FROM events WHERE session = ?1 AND seq <= ?2");
            trim.Bind(1, session).Bind(2, seq - kept).Run();
        }
    }

    private static SessionEvent ReadEvent(SqliteStatement row)
    {
        SessionId session = SessionId.Parse(row.GetText(1));
        SandboxId? sandbox = row.GetTextOrNull(5) is string box ? SandboxId.Parse(box) : null;
        ExecId? exec = row.GetTextOrNull(6) is string command ? ExecId.Parse(command) : null;
        EventRecord kept = row.GetTextOrNull(7) is string json ? Json(json, RecordJson.Default.EventRecord) : new EventRecord();
        return new SessionEvent(
            row.GetInt64(0), row.GetInt64(2), row.GetText(3), Time(row.GetInt64(4)), session, sandbox, exec,
            new EventData
            {
                Reason = kept.Reason,
                Snapshot = kept.Snapshot is string id ? SnapshotId.Parse(id) : null,
                Name = kept.Name,
                Image = kept.Image,
                Growth = kept.Growth?.ToEntry(),
                NearLimit = kept.NearLimit,
                Exec = kept.Exec is ExecFacts facts && exec is ExecId of && sandbox is SandboxId inside ? facts.ToExec(of, inside, session) : null,
                Oom = kept.Oom,
                File = kept.File,
                Webhook = kept.Webhook,
                Mount = kept.Mount is MountFacts mount && sandbox is SandboxId holder ? mount.ToMount(holder, Time(row.GetInt64(4))) : null,
                Copied = kept.Copied?.ToCopy(),
                Refused = kept.Refused?.ToRefusals(),
            });
    }
}
