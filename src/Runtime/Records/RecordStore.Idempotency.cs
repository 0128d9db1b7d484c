using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Records;

/// <summary>Replies kept for repeated calls with the same Idempotency-Key.</summary>
internal sealed partial class RecordStore
{
    /// <summary>Keeps a reply.</summary>
    public void KeepReply(SessionId session, string key, string fingerprint, KeptReply reply, DateTimeOffset now) =>
        _database.Write(db => KeepReply(db, session, key, fingerprint, reply, now));

    /// <summary>Frees a key: what was kept under it did not come about.</summary>
    public void ForgetReply(SessionId session, string key) => _database.Write(db =>
    {
        using SqliteStatement delete = db.Prepare("DELETE FROM idempotency WHERE session = ?1 AND key = ?2");
        delete.Bind(1, session.ToString()).Bind(2, key).Run();
    });

    private static void KeepReply(SqliteConnection db, SessionId session, string key, string fingerprint, KeptReply reply, DateTimeOffset now)
    {
        using SqliteStatement put = db.Prepare(
            "REPLACE INTO idempotency (session, key, fingerprint, status, body, exec, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
        put.Bind(1, session.ToString()).Bind(2, key).Bind(3, fingerprint).Bind(4, reply.Status).BindBlob(5, reply.Body)
            .Bind(6, reply.Exec?.ToString()).Bind(7, Time(now)).Run();
    }

    /// <summary>The kept reply and the fingerprint of its request; null when the key is free, or was used before <paramref name="oldest"/>.</summary>
    public (string Fingerprint, KeptReply Reply)? FindReply(SessionId session, string key, DateTimeOffset oldest) =>
        _database.Read<(string, KeptReply)?>(db =>
        {
            using SqliteStatement select = db.Prepare(
                "SELECT fingerprint, status, body, exec FROM idempotency WHERE session = ?1 AND key = ?2 AND created >= ?3");
            if (!select.Bind(1, session.ToString()).Bind(2, key).Bind(3, Time(oldest)).Step())
            {
                return null;
            }

            ExecId? exec = select.GetTextOrNull(3) is string id ? ExecId.Parse(id) : null;
            return (select.GetText(0), new KeptReply(select.GetInt32(1), select.GetBlob(2).ToArray(), exec));
        });

    /// <summary>How replies kept before ?1 are forgotten.</summary>
    internal const string ForgetRepliesSql = "DELETE FROM idempotency WHERE created < ?1";

    /// <summary>Forgets replies kept before <paramref name="oldest"/>.</summary>
    public int ForgetReplies(DateTimeOffset oldest) => _database.Write(db =>
    {
        using SqliteStatement delete = db.Prepare(ForgetRepliesSql);
        return delete.Bind(1, Time(oldest)).Run();
    });
}
