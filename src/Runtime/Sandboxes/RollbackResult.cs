namespace Sleigh.Runtime;

/// <summary>The outcome of a rollback.</summary>
/// <param name="Sandbox">The sandbox, running on the snapshot's files.</param>
/// <param name="Snapshot">The snapshot it went back to.</param>
/// <param name="Duration">The whole operation.</param>
/// <param name="EndedExecs">Commands that were running and are failed now.</param>
public sealed record RollbackResult(
    Sandbox Sandbox, SnapshotId Snapshot, TimeSpan Duration, IReadOnlyList<ExecId> EndedExecs);
