using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Records;

/// <summary>The history of execs: reading it in pages, and forgetting its oldest part in small pieces.</summary>
internal sealed partial class RecordStore
{
    /// <summary>How many rows are deleted in one step: some milliseconds of holding up everybody else.</summary>
    public const int Piece = 200;

    /// <summary>Execs as last recorded, newest first.</summary>
    public IReadOnlyList<Exec> ListExecs(SessionId? session, SandboxId? sandbox, int limit, ExecMark? before) => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare(HistorySql(session is not null, sandbox is not null, before is not null));
        if (session is SessionId owner)
        {
            select.Bind(1, owner.ToString());
        }

        if (sandbox is SandboxId box)
        {
            select.Bind(2, box.ToString());
        }

        if (before is not null)
        {
            select.Bind(3, before.Id.ToString()).Bind(5, Time(before.Started));
        }

        select.Bind(4, limit);
        return ReadAll(select, row => ReadExec(row).Exec);
    });

    /// <summary>Up to one piece of the execs that ended before a time.</summary>
    public IReadOnlyList<ExecId> ReadOldExecs(DateTimeOffset before) => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare(OldExecsSql);
        select.Bind(1, Time(before)).Bind(2, Piece);
        return ReadAll(select, row => ExecId.Parse(row.GetText(0)));
    });

    /// <summary>Those of the ids that no record has.</summary>
    public IReadOnlyList<ExecId> WithoutRecord(IEnumerable<ExecId> ids) => _database.Read(db =>
    {
        List<ExecId> unknown = [];
        foreach (ExecId id in ids)
        {
            using SqliteStatement select = db.Prepare("SELECT 1 FROM execs WHERE id = ?1");
            if (!select.Bind(1, id.ToString()).Step())
            {
                unknown.Add(id);
            }
        }

        return unknown;
    });

    /// <summary>Forgets execs and the subscriptions to them; gives how many execs there were.</summary>
    public int RemoveExecs(IReadOnlyList<ExecId> ids) => _database.Write(db =>
    {
        int removed = 0;
        foreach (ExecId id in ids)
        {
            using SqliteStatement delete = db.Prepare("DELETE FROM execs WHERE id = ?1");
            removed += delete.Bind(1, id.ToString()).Run();
            using SqliteStatement subscriptions = db.Prepare("DELETE FROM webhook_subscriptions WHERE exec = ?1");
            subscriptions.Bind(1, id.ToString()).Run();
        }

        return removed;
    });

    /// <summary>What is asked for a page of the history. ?1 session, ?2 sandbox, ?3 and ?5 the mark's id and time, ?4 how many.</summary>
    internal static string HistorySql(bool session, bool sandbox, bool mark)
    {
        // Rows are numbered in the order of their starts, whatever the clock did meanwhile. The time counts where the mark's row is gone.
        string whose = $"{(session ? "session = ?1 AND " : "")}{(sandbox ? "sandbox = ?2 AND " : "")}";
        string behind = !mark ? "true" : "seq < coalesce((SELECT seq FROM execs WHERE id = ?3), "
            + $"(SELECT seq + 1 FROM execs WHERE {whose}started <= ?5 ORDER BY seq DESC LIMIT 1), 0)";
        return $"SELECT {ExecColumns} FROM execs WHERE {whose}{behind} ORDER BY seq DESC LIMIT ?4";
    }

    /// <summary>What is asked for execs to forget. ?1 the time, ?2 how many.</summary>
    internal const string OldExecsSql =
        "SELECT id FROM execs WHERE completed < ?1 AND status NOT IN ('running', 'cancelling') LIMIT ?2";
}
