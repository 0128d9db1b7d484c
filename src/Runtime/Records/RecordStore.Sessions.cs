using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Records;

/// <summary>Sessions: the token stands here as a hash only.</summary>
internal sealed partial class RecordStore
{
    /// <summary>Adds a session; <paramref name="tokenHash"/> is empty for the administrator's.</summary>
    public void AddSession(Session session, byte[] tokenHash) => _database.Write(db =>
    {
        using SqliteStatement insert = db.Prepare(
            "INSERT INTO sessions (id, token_hash, created, last_used, expires) VALUES (?1, ?2, ?3, ?4, ?5)");
        insert.Bind(1, session.Id.ToString());
        _ = tokenHash.Length == 0 ? insert.BindNull(2) : insert.BindBlob(2, tokenHash);
        insert.Bind(3, Time(session.Created)).Bind(4, Time(session.LastUsed)).Bind(5, Time(session.Expires)).Run();
    });

    /// <summary>Notes a use.</summary>
    public void TouchSession(Session session) => _database.Write(db =>
    {
        using SqliteStatement update = db.Prepare("UPDATE sessions SET last_used = ?2, expires = ?3 WHERE id = ?1");
        update.Bind(1, session.Id.ToString()).Bind(2, Time(session.LastUsed)).Bind(3, Time(session.Expires)).Run();
    });

    /// <summary>All sessions with their hashes, oldest first.</summary>
    public IReadOnlyList<(Session Session, byte[] TokenHash)> ReadSessions() => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare("SELECT id, token_hash, created, last_used, expires FROM sessions ORDER BY created, id");
        return ReadAll(select, row => (
            new Session
            {
                Id = SessionId.Parse(row.GetText(0)),
                Created = Time(row.GetInt64(2)),
                LastUsed = Time(row.GetInt64(3)),
                Expires = Time(row.GetInt64OrNull(4)),
                IsAdministrator = row.IsNull(1),
            },
            row.IsNull(1) ? [] : row.GetBlob(1).ToArray()));
    });
}
