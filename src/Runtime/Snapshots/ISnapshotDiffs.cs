namespace Sleigh.Runtime;

/// <summary>What has changed between two states of a sandbox's files. Owner checks are the caller's.</summary>
public interface ISnapshotDiffs
{
    /// <summary>A snapshot of a sandbox.</summary>
    /// <param name="id">The sandbox.</param>
    /// <param name="snapshotId">As the caller sent it.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.SnapshotNotFound"/>.</exception>
    Snapshot Require(SandboxId id, string snapshotId);

    /// <summary>
    /// Compares a snapshot with another one of the same sandbox or with the live files, which are read without a pause. Reads no more than
    /// the layers that the two do not have in common, and what was replaced or deleted as a whole.
    /// </summary>
    /// <param name="id">The sandbox.</param>
    /// <param name="from">The state before.</param>
    /// <param name="to">The state after; null: the live files.</param>
    /// <param name="query">Which part is wanted.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.SandboxBusy"/>: a layer went away meanwhile, ...</exception>
    Task<SnapshotDiff> CompareAsync(SandboxId id, Snapshot from, Snapshot? to, DiffQuery query, CancellationToken cancellationToken);
}
