using Sleigh.Linux.Sqlite;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Records;

/// <summary>Execs: recorded before they start, final once they have ended, kept after their sandbox until retention.</summary>
internal sealed partial class RecordStore
{
    private const string ExecColumns =
        "id, sandbox, session, slot, status, origin, exit_code, error, timed_out, started, completed, time_limit, kill_at, cause, memory_peak, "
        + "cpu, wall_ms, stall, io_read, io_write, stdout_bytes, stderr_bytes, input, recovery, oom, rollback_layer, rollback_snapshot, rollback_status, "
        + "snapshot_before, disk";

    /// <summary>Records that a command is about to start, who is told of its end, and in the same step that a retry with a key finds it.</summary>
    /// <param name="row">The command.</param>
    /// <param name="command">Its text as webhooks show it; nothing else reads it.</param>
    /// <param name="webhook">Where its end is told; null: nowhere.</param>
    /// <param name="key">What a retry comes with; null: nothing.</param>
    public void AddExec(ExecRow row, string? command = null, WebhookAddress? webhook = null, StartKey? key = null) => WriteAndTell(db =>
    {
        if (key is not null)
        {
            KeepReply(db, row.Exec.Session, key.Key, key.Fingerprint, new KeptReply(key.Status, [], row.Exec.Id), row.Exec.Started);
        }

        using SqliteStatement insert = db.Prepare(
            "INSERT INTO execs (id, sandbox, session, slot, status, origin, started, time_limit, cause, input, command, snapshot_before) "
            + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
        insert.Bind(1, row.Exec.Id.ToString()).Bind(2, row.Exec.Sandbox.ToString()).Bind(3, row.Exec.Session.ToString())
            .Bind(4, row.Slot.ToString()).Bind(5, Word(row.Exec.Status)).Bind(6, Word(row.Exec.Origin)).Bind(7, Time(row.Exec.Started))
            .Bind(8, row.TimeLimit is TimeSpan limit ? Micros(limit) : null).Bind(9, Word(row.Cause)).Bind(10, Word(row.Exec.Input))
            .Bind(11, command).Bind(12, row.Exec.SnapshotBefore?.ToString()).Run();
        if (webhook is not null && !HasEnded(db, row.Exec.Session))
        {
            AddSubscription(db, row.Exec, webhook.Url.AbsoluteUri);
        }

        return [EventDraft.Of(EventTypes.ExecStarted, row.Exec)];
    });

    /// <summary>Records that a command is being ended, and why.</summary>
    public void MarkExecEnding(ExecId id, ExecStatus status, ExecEndCause cause, DateTimeOffset killAt) => _database.Write(db =>
    {
        using SqliteStatement update = db.Prepare("UPDATE execs SET status = ?2, cause = ?3, kill_at = ?4 WHERE id = ?1");
        update.Bind(1, id.ToString()).Bind(2, Word(status)).Bind(3, Word(cause)).Bind(4, Time(killAt)).Run();
    });

    /// <summary>
    /// Records the final state and queues its webhooks; a second one is ignored. What ran out of memory is told first, unless
    /// <see cref="HoldExec"/> has told it.
    /// </summary>
    public void FinishExec(Exec exec, bool oomTold = false)
    {
        List<QueuedWebhook> queued = [];
        WriteAndTell(db =>
        {
            if (!WriteEnd(db, exec, exec.Status, null))
            {
                return [];
            }

            queued.AddRange(QueueWebhooks(db, exec));
            return exec.Oom is null || oomTold
                ? [EventDraft.Of(EventTypes.ExecFinished, exec)]
                : [EventDraft.OutOfMemory(exec), EventDraft.Of(EventTypes.ExecFinished, exec)];
        });
        TellQueued(queued);
    }

    /// <summary>Records how a command ended and the rollback that is about to follow; its status stays as it is until <see cref="FinishExec"/>.</summary>
    public void HoldExec(Exec exec, ExecStatus until, OomIntent rollback) => WriteAndTell(db =>
        WriteEnd(db, exec, until, rollback) ? [EventDraft.OutOfMemory(exec)] : []);

    private static bool WriteEnd(SqliteConnection db, Exec exec, ExecStatus status, OomIntent? rollback)
    {
        using SqliteStatement update = db.Prepare(
            "UPDATE execs SET status = ?2, exit_code = ?3, error = ?4, timed_out = ?5, completed = ?6, memory_peak = ?7, cpu = ?8, "
            + "wall_ms = ?9, stall = ?10, io_read = ?11, io_write = ?12, stdout_bytes = ?13, stderr_bytes = ?14, recovery = ?15, oom = ?16, "
            + "rollback_layer = ?17, rollback_snapshot = ?18, rollback_status = ?19, disk = ?20 WHERE id = ?1 AND status IN ('running', 'cancelling')");
        update.Bind(1, exec.Id.ToString()).Bind(2, Word(status)).Bind(3, (long?)exec.ExitCode).Bind(4, exec.Error)
            .Bind(5, exec.TimedOut).Bind(6, Time(exec.Completed)).Bind(7, exec.Usage?.MemoryPeakBytes).Bind(8, exec.Usage?.CpuUsec)
            .Bind(9, exec.Usage?.WallMs).Bind(10, exec.Usage?.StallUsec).Bind(11, exec.Usage?.IoReadBytes)
            .Bind(12, exec.Usage?.IoWriteBytes).Bind(13, exec.StdoutBytes).Bind(14, exec.StderrBytes).Bind(15, exec.Recovery)
            .Bind(16, exec.Oom is OomReport oom ? Json(oom, RecordJson.Default.OomReport) : null).Bind(17, rollback?.Layer)
            .Bind(18, rollback?.Snapshot.ToString()).Bind(19, rollback is null ? null : Word(rollback.Status))
            .Bind(20, exec.Disk is DiskReport disk ? Json(disk, RecordJson.Default.DiskReport) : null).Run();
        return db.Changes > 0;
    }

    /// <summary>An exec as last recorded; null when there is none.</summary>
    public ExecRow? FindExec(ExecId id) => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare($"SELECT {ExecColumns} FROM execs WHERE id = ?1");
        return select.Bind(1, id.ToString()).Step() ? ReadExec(select) : null;
    });

    /// <summary>Execs without a final state, oldest first.</summary>
    public IReadOnlyList<ExecRow> ReadOpenExecs() => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare($"SELECT {ExecColumns} FROM execs WHERE status IN ('running', 'cancelling') ORDER BY seq");
        return ReadAll(select, ReadExec);
    });

    /// <summary>Ids of all execs of a sandbox.</summary>
    public IReadOnlyList<ExecId> ReadExecIds(SandboxId sandbox) => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare(ExecIdsSql);
        select.Bind(1, sandbox.ToString());
        return ReadAll(select, row => ExecId.Parse(row.GetText(0)));
    });

    /// <summary>What is asked for the execs of a sandbox, ?1.</summary>
    internal const string ExecIdsSql = "SELECT id FROM execs WHERE sandbox = ?1";

    private static ExecRow ReadExec(SqliteStatement row) => new(
        new Exec
        {
            Id = ExecId.Parse(row.GetText(0)),
            Sandbox = SandboxId.Parse(row.GetText(1)),
            Session = SessionId.Parse(row.GetText(2)),
            Status = Word<ExecStatus>(row.GetText(4)),
            Origin = Word<ExecOrigin>(row.GetText(5)),
            ExitCode = (int?)row.GetInt64OrNull(6),
            Error = row.GetTextOrNull(7),
            TimedOut = row.GetBool(8),
            Started = Time(row.GetInt64(9)),
            Completed = Time(row.GetInt64OrNull(10)),
            Usage = row.GetInt64OrNull(16) is long wall
                ? new ExecUsage(row.GetInt64OrNull(14), row.GetInt64OrNull(15), wall, row.GetInt64OrNull(17), row.GetInt64OrNull(18), row.GetInt64OrNull(19))
                : null,
            StdoutBytes = row.GetInt64(20),
            StderrBytes = row.GetInt64(21),
            Input = Word<LiveInput>(row.GetText(22)),
            Recovery = row.GetTextOrNull(23),
            Oom = row.GetTextOrNull(24) is string oom ? Json(oom, RecordJson.Default.OomReport) : null,
            SnapshotBefore = row.GetTextOrNull(28) is string before ? SnapshotId.Parse(before) : null,
            Disk = row.GetTextOrNull(29) is string disk ? Json(disk, RecordJson.Default.DiskReport) : null,
        },
        SlotId.Parse(row.GetText(3)),
        row.GetInt64OrNull(11) is long micros ? TimeSpan.FromMicroseconds(micros) : null,
        Time(row.GetInt64OrNull(12)),
        Word<ExecEndCause>(row.GetText(13)),
        row.GetTextOrNull(25) is string layer
            ? new OomIntent(layer, SnapshotId.Parse(row.GetText(26)), Word<ExecStatus>(row.GetText(27)))
            : null);
}
