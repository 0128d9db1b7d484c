using System.Text;
using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Records;

/// <summary>
/// Subscriptions to the end of commands, and deliveries. A delivery is queued in the transaction that records the end, or in that of the
/// subscription where the end came before: never by both, never by neither.
/// </summary>
internal sealed partial class RecordStore
{
    // A piece keeps others from the records for some milliseconds.
    private const int PrunedAtOnce = 200;

    private const string DeliveryColumns = "id, session, sandbox, exec, url, state, attempts, next, last_status, last_error, created, completed";

    /// <summary>Told of deliveries once they are recorded; it must be quick.</summary>
    public Action<IReadOnlyList<QueuedWebhook>> WebhooksQueued { get; set; } = _ => { };

    /// <summary>Records a subscription, and its delivery where the command has ended.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>: there is no such command, or its session has ended.</exception>
    public WebhookSubscribed SubscribeWebhook(ExecId id, string url)
    {
        List<QueuedWebhook> queued = [];
        WebhookSubscribed result = _database.Write(db =>
        {
            using SqliteStatement select = db.Prepare($"SELECT {ExecColumns} FROM execs WHERE id = ?1");
            Exec exec = select.Bind(1, id.ToString()).Step() ? ReadExec(select).Exec : throw RuntimeException.NoExec(id);
            if (HasEnded(db, exec.Session))
            {
                throw RuntimeException.NoExec(id);
            }

            if (!AddSubscription(db, exec, url))
            {
                return new WebhookSubscribed(false, false, exec.Status);
            }

            if (exec.IsFinal)
            {
                queued.Add(QueueWebhook(db, exec, url, WebhookBody.Of(exec, CommandOf(db, id))));
            }

            return new WebhookSubscribed(true, exec.IsFinal, exec.Status);
        });
        TellQueued(queued);
        return result;
    }

    /// <summary>Records that a try is about to be made; null when the delivery is gone or final.</summary>
    public WebhookRequest? BeginWebhookTry(WebhookDeliveryId id) => _database.Write(db =>
    {
        using SqliteStatement update = db.Prepare(
            "UPDATE webhook_deliveries SET attempts = attempts + 1, tries = tries + 1 WHERE id = ?1 AND state = 'queued' AND attempts < ?2");
        update.Bind(1, id.ToString()).Bind(2, WebhookPace.Tries).Run();
        if (db.Changes == 0)
        {
            return null;
        }

        using SqliteStatement select = db.Prepare("SELECT attempts, url, body, tries FROM webhook_deliveries WHERE id = ?1");
        select.Bind(1, id.ToString()).Step();
        WebhookRequest request = new(id, select.GetInt32(0), select.GetText(1), select.GetBlob(2).ToArray());
        using SqliteStatement insert = db.Prepare("INSERT INTO webhook_tries (delivery, number, attempt, started) VALUES (?1, ?2, ?3, ?4)");
        insert.Bind(1, id.ToString()).Bind(2, select.GetInt64(3)).Bind(3, request.Attempt).Bind(4, Time(_time.GetUtcNow())).Run();
        return request;
    });

    /// <summary>Records how a try ended, and the event of a delivery that is final by it; null when the delivery is gone.</summary>
    public WebhookDelivery? EndWebhookTry(EndedTry ended)
    {
        WebhookDelivery? delivery = null;
        WriteAndTell(db =>
        {
            string id = ended.Delivery.ToString();
            using SqliteStatement log = db.Prepare(
                "UPDATE webhook_tries SET ended = ?2, status = ?3, error = ?4 WHERE delivery = ?1 AND ended IS NULL");
            log.Bind(1, id).Bind(2, Time(ended.Ended)).Bind(3, (long?)ended.Outcome.Status).Bind(4, ended.Outcome.Error).Run();
            using SqliteStatement update = db.Prepare(
                "UPDATE webhook_deliveries SET state = ?2, next = ?3, last_status = ?4, last_error = ?5, completed = ?6 WHERE id = ?1 AND state = 'queued'");
            update.Bind(1, id).Bind(2, Word(ended.State)).Bind(3, Time(ended.Ended + ended.Pause)).Bind(4, (long?)ended.Outcome.Status)
                .Bind(5, ended.Outcome.Error).Bind(6, ended.Pause is null ? Time(ended.Ended) : null).Run();
            delivery = db.Changes == 0 ? null : ReadDelivery(db, ended.Delivery);
            return delivery is null or { State: WebhookState.Queued } ? [] : [EventDraft.Of(delivery)];
        });
        return delivery;
    }

    /// <summary>Tries that an earlier run has begun and not ended.</summary>
    public IReadOnlyList<BegunTry> ReadOpenTries() => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare(
            "SELECT t.delivery, t.attempt FROM webhook_tries t JOIN webhook_deliveries d ON d.id = t.delivery WHERE t.ended IS NULL AND d.state = 'queued'");
        return ReadAll(select, row => new BegunTry(WebhookDeliveryId.Parse(row.GetText(0)), row.GetInt32(1)));
    });

    /// <summary>All deliveries that are not final, oldest first.</summary>
    public IReadOnlyList<QueuedWebhook> ReadQueuedWebhooks() => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare("SELECT id, url, next FROM webhook_deliveries WHERE state = 'queued' ORDER BY seq");
        return ReadAll(select, row => new QueuedWebhook(WebhookDeliveryId.Parse(row.GetText(0)), row.GetText(1), Time(row.GetInt64(2))));
    });

    /// <summary>How many deliveries are not final.</summary>
    public int CountQueuedWebhooks() => _database.Read(db => (int)db.Scalar("SELECT count(*) FROM webhook_deliveries WHERE state = 'queued'"));

    /// <summary>Deliveries, newest first.</summary>
    public IReadOnlyList<WebhookDelivery> ListWebhooks(WebhookState? state, int limit) => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare(
            $"SELECT {DeliveryColumns} FROM webhook_deliveries {(state is WebhookState one ? $"WHERE state = '{Word(one)}' " : "")}ORDER BY seq DESC LIMIT ?1");
        return ReadAll(select.Bind(1, limit), ReadDelivery);
    });

    /// <summary>A delivery with its tries; null when there is none.</summary>
    public WebhookLog? FindWebhook(WebhookDeliveryId id) => _database.Read(db =>
    {
        if (ReadDelivery(db, id) is not WebhookDelivery delivery)
        {
            return null;
        }

        using SqliteStatement body = db.Prepare("SELECT body FROM webhook_deliveries WHERE id = ?1");
        body.Bind(1, id.ToString()).Step();
        using SqliteStatement tries = db.Prepare("SELECT attempt, started, ended, status, error FROM webhook_tries WHERE delivery = ?1 ORDER BY number");
        tries.Bind(1, id.ToString());
        return new WebhookLog(
            delivery,
            ReadAll(tries, row => new WebhookTry(
                row.GetInt32(0), Time(row.GetInt64(1)), Time(row.GetInt64OrNull(2)), (int?)row.GetInt64OrNull(3), row.GetTextOrNull(4))),
            Encoding.UTF8.GetString(body.GetBlob(0)));
    });

    /// <summary>Queues a failed delivery for another round of tries; false when it has not failed or there is none.</summary>
    public bool QueueWebhookAgain(WebhookDeliveryId id)
    {
        List<QueuedWebhook> queued = [];
        _database.Write(db =>
        {
            DateTimeOffset now = _time.GetUtcNow();
            using SqliteStatement update = db.Prepare(
                "UPDATE webhook_deliveries SET state = 'queued', attempts = 0, next = ?2, completed = NULL WHERE id = ?1 AND state = 'failed'");
            update.Bind(1, id.ToString()).Bind(2, Time(now)).Run();
            if (db.Changes > 0 && ReadDelivery(db, id) is WebhookDelivery delivery)
            {
                queued.Add(new QueuedWebhook(id, delivery.Url, now));
            }
        });
        TellQueued(queued);
        return queued.Count > 0;
    }

    /// <summary>Forgets some deliveries that became final before <paramref name="before"/>; 0 says that there are none left. Subscriptions go with their command.</summary>
    public int PruneWebhooks(DateTimeOffset before) => _database.Write(db =>
    {
        using SqliteStatement select = db.Prepare("SELECT id FROM webhook_deliveries WHERE state <> 'queued' AND completed < ?1 LIMIT ?2");
        List<string> old = ReadAll(select.Bind(1, Time(before)).Bind(2, PrunedAtOnce), row => row.GetText(0));
        foreach (string id in old)
        {
            using SqliteStatement tries = db.Prepare("DELETE FROM webhook_tries WHERE delivery = ?1");
            tries.Bind(1, id).Run();
            using SqliteStatement delivery = db.Prepare("DELETE FROM webhook_deliveries WHERE id = ?1");
            delivery.Bind(1, id).Run();
        }

        return old.Count;
    });

    /// <summary>What an ended session owns of them; no try is begun afterwards.</summary>
    private static void DropWebhooks(SqliteConnection db, SessionId session)
    {
        foreach (string sql in (ReadOnlySpan<string>)[
            "DELETE FROM webhook_tries WHERE delivery IN (SELECT id FROM webhook_deliveries WHERE session = ?1)",
            "DELETE FROM webhook_deliveries WHERE session = ?1",
            "DELETE FROM webhook_subscriptions WHERE session = ?1"])
        {
            using SqliteStatement statement = db.Prepare(sql);
            statement.Bind(1, session.ToString()).Run();
        }
    }

    /// <summary>Queues a delivery to each subscriber of a command that has its final state by this transaction.</summary>
    private List<QueuedWebhook> QueueWebhooks(SqliteConnection db, Exec exec)
    {
        using SqliteStatement select = db.Prepare("SELECT url FROM webhook_subscriptions WHERE exec = ?1 ORDER BY created, id");
        List<string> urls = ReadAll(select.Bind(1, exec.Id.ToString()), row => row.GetText(0));
        if (urls.Count == 0)
        {
            return [];
        }

        byte[] body = WebhookBody.Of(exec, CommandOf(db, exec.Id));
        return [.. urls.Select(url => QueueWebhook(db, exec, url, body))];
    }

    private QueuedWebhook QueueWebhook(SqliteConnection db, Exec exec, string url, byte[] body)
    {
        QueuedWebhook queued = new(WebhookDeliveryId.New(), url, _time.GetUtcNow());
        using SqliteStatement insert = db.Prepare(
            "INSERT INTO webhook_deliveries (id, session, sandbox, exec, url, body, state, next, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?7)");
        insert.Bind(1, queued.Id.ToString()).Bind(2, exec.Session.ToString()).Bind(3, exec.Sandbox.ToString()).Bind(4, exec.Id.ToString())
            .Bind(5, url).BindBlob(6, body).Bind(7, Time(queued.Next)).Run();
        return queued;
    }

    private bool AddSubscription(SqliteConnection db, Exec exec, string url)
    {
        using SqliteStatement insert = db.Prepare(
            "INSERT OR IGNORE INTO webhook_subscriptions (id, exec, session, url, created) VALUES (?1, ?2, ?3, ?4, ?5)");
        insert.Bind(1, EntityId.New("whs_")).Bind(2, exec.Id.ToString()).Bind(3, exec.Session.ToString()).Bind(4, url)
            .Bind(5, Time(_time.GetUtcNow())).Run();
        return db.Changes > 0;
    }

    private void TellQueued(List<QueuedWebhook> queued)
    {
        if (queued.Count > 0)
        {
            WebhooksQueued(queued);
        }
    }

    private static bool HasEnded(SqliteConnection db, SessionId session)
    {
        using SqliteStatement select = db.Prepare("SELECT 1 FROM ended_sessions WHERE id = ?1");
        return select.Bind(1, session.ToString()).Step();
    }

    // The one place that reads it: no other answer, event or list has a command's text.
    private static string CommandOf(SqliteConnection db, ExecId id)
    {
        using SqliteStatement select = db.Prepare("SELECT command FROM execs WHERE id = ?1");
        return select.Bind(1, id.ToString()).Step() ? select.GetTextOrNull(0) ?? "" : "";
    }

    private static WebhookDelivery? ReadDelivery(SqliteConnection db, WebhookDeliveryId id)
    {
        using SqliteStatement select = db.Prepare($"SELECT {DeliveryColumns} FROM webhook_deliveries WHERE id = ?1");
        return select.Bind(1, id.ToString()).Step() ? ReadDelivery(select) : null;
    }

    private static WebhookDelivery ReadDelivery(SqliteStatement row) => new()
    {
        Id = WebhookDeliveryId.Parse(row.GetText(0)),
        Session = SessionId.Parse(row.GetText(1)),
        Sandbox = SandboxId.Parse(row.GetText(2)),
        Exec = ExecId.Parse(row.GetText(3)),
        Url = row.GetText(4),
        State = Word<WebhookState>(row.GetText(5)),
        Attempts = row.GetInt32(6),
        Next = Time(row.GetInt64OrNull(7)),
        LastStatus = (int?)row.GetInt64OrNull(8),
        LastError = row.GetTextOrNull(9),
        Created = Time(row.GetInt64(10)),
        Completed = Time(row.GetInt64OrNull(11)),
    };
}
