using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Records;

/// <summary>Snapshots.</summary>
internal sealed partial class RecordStore
{
    /// <summary>Records the intent to seal a layer.</summary>
    public void AddSnapshot(Snapshot snapshot) => _database.Write(db =>
    {
        using SqliteStatement insert = db.Prepare(
            "INSERT INTO snapshots (id, state, sandbox, session, created, parent, name, comment, bytes, durable, duration, pause, limits, labels, mounts, auto, kept) "
            + "VALUES (?1, 'making', ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, 0, 0, ?8, ?9, ?10, ?11, ?12)");
        insert.Bind(1, snapshot.Id.ToString()).Bind(2, snapshot.Sandbox.ToString()).Bind(3, snapshot.Session.ToString())
            .Bind(4, Time(snapshot.Created)).Bind(5, snapshot.Parent?.ToString()).Bind(6, snapshot.Name).Bind(7, snapshot.Comment)
            .Bind(8, Json(snapshot.Limits, RecordJson.Default.CapturedLimits))
            .Bind(9, Json(snapshot.Labels, RecordJson.Default.IReadOnlyDictionaryStringString))
            .Bind(10, Json(snapshot.Mounts, RecordJson.Default.IReadOnlyListCapturedMount))
            .Bind(11, snapshot.IsAutomatic).Bind(12, snapshot.IsKept).Run();
    });

    /// <summary>Records that the layer is sealed, and what it took; the sandbox's files stand on it from now on.</summary>
    public void SealSnapshot(Snapshot snapshot, SandboxRecord sandbox) => WriteAndTell(db =>
    {
        using SqliteStatement update = db.Prepare(
            "UPDATE snapshots SET state = 'sealed', bytes = ?2, durable = ?3, duration = ?4, pause = ?5, same = ?6 WHERE id = ?1");
        update.Bind(1, snapshot.Id.ToString()).Bind(2, snapshot.Bytes).Bind(3, snapshot.Durable)
            .Bind(4, Micros(snapshot.Duration)).Bind(5, Micros(snapshot.Pause)).Bind(6, snapshot.IsSameAsParent).Run();
        EventDraft[] events = snapshot.Durable
            ? [EventDraft.Of(EventTypes.SnapshotCreated, snapshot), EventDraft.Of(EventTypes.SnapshotDurable, snapshot)]
            : [EventDraft.Of(EventTypes.SnapshotCreated, snapshot)];
        return PutSandbox(db, sandbox, SandboxState.Live) ? events : [];
    });

    /// <summary>Records that all data of a snapshot has reached the disk.</summary>
    public void MarkSnapshotDurable(Snapshot snapshot) => WriteAndTell(db =>
    {
        using SqliteStatement update = db.Prepare("UPDATE snapshots SET durable = 1 WHERE id = ?1 AND durable = 0 AND state = 'sealed'");
        return update.Bind(1, snapshot.Id.ToString()).Run() > 0 ? [EventDraft.Of(EventTypes.SnapshotDurable, snapshot)] : [];
    });

    /// <summary>Records whether retention leaves a snapshot alone.</summary>
    public void KeepSnapshot(Snapshot snapshot) => _database.Write(db =>
    {
        using SqliteStatement update = db.Prepare("UPDATE snapshots SET kept = ?2 WHERE id = ?1 AND state = 'sealed'");
        update.Bind(1, snapshot.Id.ToString()).Bind(2, snapshot.IsKept).Run();
    });

    /// <summary>Marks a snapshot as deleted and gives its parent to its children and to the sandbox that stood on it.</summary>
    public void MarkSnapshotDeleting(Snapshot snapshot) => MarkSnapshotDeleting(snapshot, EventTypes.SnapshotDeleted);

    /// <summary>The same for one whose layer is not whole.</summary>
    public void MarkSnapshotLost(Snapshot snapshot) => MarkSnapshotDeleting(snapshot, EventTypes.SnapshotLost);

    private void MarkSnapshotDeleting(Snapshot snapshot, string told) => WriteAndTell(db =>
    {
        foreach (string sql in (ReadOnlySpan<string>)[
            "UPDATE snapshots SET state = 'deleting' WHERE id = ?1",
            "UPDATE snapshots SET same = same AND (SELECT same FROM snapshots WHERE id = ?1), parent = ?2 WHERE parent = ?1",
            "UPDATE sandboxes SET base_snapshot = ?2, mark = NULL WHERE base_snapshot = ?1"])
        {
            using SqliteStatement statement = db.Prepare(sql);
            statement.Bind(1, snapshot.Id.ToString());
            if (sql.Contains("?2", StringComparison.Ordinal))
            {
                statement.Bind(2, snapshot.Parent?.ToString());
            }

            statement.Run();
        }

        return [EventDraft.Of(told, snapshot)];
    });

    /// <summary>Removes a snapshot's row; its layer is gone.</summary>
    public void RemoveSnapshot(SnapshotId id) => _database.Write(db =>
    {
        using SqliteStatement delete = db.Prepare("DELETE FROM snapshots WHERE id = ?1");
        delete.Bind(1, id.ToString()).Run();
    });

    /// <summary>All snapshots, oldest first.</summary>
    public IReadOnlyList<(Snapshot Snapshot, SnapshotState State)> ReadSnapshots() => _database.Read(db =>
    {
        using SqliteStatement select = db.Prepare(
            "SELECT id, state, sandbox, session, created, parent, name, comment, bytes, durable, duration, pause, limits, labels, mounts, "
            + "auto, kept, same FROM snapshots ORDER BY seq");
        return ReadAll(select, row => (
            new Snapshot
            {
                Id = SnapshotId.Parse(row.GetText(0)),
                Sandbox = SandboxId.Parse(row.GetText(2)),
                Session = SessionId.Parse(row.GetText(3)),
                Created = Time(row.GetInt64(4)),
                Parent = row.GetTextOrNull(5) is string parent ? SnapshotId.Parse(parent) : null,
                Name = row.GetTextOrNull(6),
                Comment = row.GetTextOrNull(7),
                Bytes = row.GetInt64(8),
                Durable = row.GetBool(9),
                Duration = TimeSpan.FromMicroseconds(row.GetInt64(10)),
                Pause = TimeSpan.FromMicroseconds(row.GetInt64(11)),
                Limits = Json(row.GetText(12), RecordJson.Default.CapturedLimits),
                Labels = Json(row.GetText(13), RecordJson.Default.DictionaryStringString),
                Mounts = Json(row.GetText(14), RecordJson.Default.IReadOnlyListCapturedMount),
                IsAutomatic = row.GetBool(15),
                IsKept = row.GetBool(16),
                IsSameAsParent = row.GetBool(17),
            },
            Word<SnapshotState>(row.GetText(1))));
    });
}
