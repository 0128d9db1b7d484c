using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Records;

/// <summary>Sessions that have ended: first the token goes, then what they own, and some time later their events.</summary>
internal sealed partial class RecordStore
{
    /// <summary>Takes a session's token away for good, and with it the webhooks that wait.</summary>
    public void EndSession(SessionId id, SessionEndReason reason, DateTimeOffset now) => _database.Write(db =>
    {
        using SqliteStatement delete = db.Prepare("DELETE FROM sessions WHERE id = ?1");
        delete.Bind(1, id.ToString()).Run();
        using SqliteStatement insert = db.Prepare("INSERT OR IGNORE INTO ended_sessions (id, reason, ended, cleared) VALUES (?1, ?2, ?3, 0)");
        insert.Bind(1, id.ToString()).Bind(2, Word(reason)).Bind(3, Time(now)).Run();
        DropWebhooks(db, id);
    });

    /// <summary>Ended sessions of which something may be left.</summary>
    public IReadOnlyList<SessionId> ReadUnclearedSessions() => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare("SELECT id FROM ended_sessions WHERE cleared = 0");
        return ReadAll(select, row => SessionId.Parse(row.GetText(0)));
    });

    /// <summary>Ids of all execs of a session.</summary>
    public IReadOnlyList<ExecId> ReadExecIds(SessionId session) => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare("SELECT id FROM execs WHERE session = ?1");
        select.Bind(1, session.ToString());
        return ReadAll(select, row => ExecId.Parse(row.GetText(0)));
    });

    /// <summary>Forgets the execs and kept replies of an ended session, in pieces; its sandboxes are deleted. A kill between two leaves the rest to the next start.</summary>
    public void ClearSession(SessionId id)
    {
        while (_database.Write(db => DeletePiece(db, "DELETE FROM execs WHERE seq IN (SELECT seq FROM execs WHERE session = ?1 LIMIT ?2)", id)) > 0)
        {
            // The next piece; others come in between.
        }

        _database.Write(db =>
        {
            foreach (string sql in (ReadOnlySpan<string>)["DELETE FROM idempotency WHERE session = ?1", "UPDATE ended_sessions SET cleared = 1 WHERE id = ?1"])
            {
                using SqliteStatement statement = db.Prepare(sql);
                statement.Bind(1, id.ToString()).Run();
            }
        });
    }

    /// <summary>Forgets the events of sessions that ended before <paramref name="oldest"/>.</summary>
    public void ForgetEndedSessions(DateTimeOffset oldest) => _database.Write(db =>
    {
        foreach (string sql in (ReadOnlySpan<string>)[
            "DELETE FROM events WHERE session IN (SELECT id FROM ended_sessions WHERE cleared = 1 AND ended < ?1)",
            "DELETE FROM ended_sessions WHERE cleared = 1 AND ended < ?1"])
        {
            using SqliteStatement statement = db.Prepare(sql);
            statement.Bind(1, Time(oldest)).Run();
        }
    });

    private static int DeletePiece(SqliteConnection db, string sql, SessionId session)
    {
        using SqliteStatement delete = db.Prepare(sql);
        return delete.Bind(1, session.ToString()).Bind(2, Piece).Run();
    }
}
