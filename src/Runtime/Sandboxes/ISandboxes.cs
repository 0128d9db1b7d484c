using Sleigh.Network;

namespace Sleigh.Runtime;

/// <summary>
/// Sandboxes and their snapshots. A change that has begun is finished or taken back whole, whatever happens to the caller's
/// token; the token ends only waiting (for a turn). Owner checks are the caller's.
/// </summary>
public interface ISandboxes
{
    /// <summary>Makes a sandbox that is ready for commands. When <paramref name="cancellationToken"/> ends first, it is taken back.</summary>
    /// <exception cref="RuntimeException">Any of the create errors of the contract.</exception>
    Task<CreatedSandbox> CreateAsync(SessionId owner, SandboxSpec spec, CancellationToken cancellationToken);

    /// <summary>Gives a sandbox other secrets in place of those it has; commands that run keep theirs.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.SandboxBusy"/>, <see cref="ErrorKind.ShuttingDown"/>.</exception>
    Task<Sandbox> SetSecretsAsync(SandboxId id, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellationToken);

    /// <summary>The sandbox as it is now; null when there is none.</summary>
    Sandbox? Find(SandboxId id);

    /// <summary>What keeps a sandbox apart from the host; null when nothing of it runs.</summary>
    Isolation? FindIsolation(SandboxId id);

    /// <summary>The sandboxes of a session, or of all, oldest first.</summary>
    IReadOnlyList<Sandbox> List(SessionId? owner);

    /// <summary>Ends all commands and removes it; files go away behind the answer.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>.</exception>
    Task DeleteAsync(SandboxId id, CancellationToken cancellationToken);

    /// <summary>Seals the files as they are at one moment.</summary>
    /// <param name="id">Whose.</param>
    /// <param name="name">The caller's name for it.</param>
    /// <param name="comment">The caller's comment.</param>
    /// <param name="keep">Whether retention leaves it alone.</param>
    /// <param name="cancellationToken">Ends waiting for a turn.</param>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.SandboxBusy"/>, <see cref="ErrorKind.QuotaExceeded"/>,
    /// <see cref="ErrorKind.DiskFull"/>, <see cref="ErrorKind.SnapshotFailed"/>.
    /// </exception>
    Task<Snapshot> SnapshotAsync(SandboxId id, string? name, string? comment, bool keep, CancellationToken cancellationToken);

    /// <summary>Says whether retention leaves a snapshot alone, by age and by count. <paramref name="snapshotId"/> is as the caller sent it.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.SnapshotNotFound"/>, <see cref="ErrorKind.SandboxBusy"/>.</exception>
    Task<Snapshot> KeepSnapshotAsync(SandboxId id, string snapshotId, bool keep, CancellationToken cancellationToken);

    /// <summary>The snapshots of a sandbox, newest first.</summary>
    IReadOnlyList<Snapshot> Snapshots(SandboxId id);

    /// <summary>A snapshot of any sandbox; null when there is none.</summary>
    Snapshot? FindSnapshot(SnapshotId id);

    /// <summary>Removes a snapshot; data that others stand on stays until its last user is gone.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.SnapshotNotFound"/>.</exception>
    Task DeleteSnapshotAsync(SandboxId id, string snapshotId, CancellationToken cancellationToken);

    /// <summary>Puts the files back; everything else of the sandbox stays. <paramref name="snapshotId"/> is as the caller sent it.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.SnapshotNotFound"/>, <see cref="ErrorKind.RollbackFailed"/>, ...</exception>
    Task<RollbackResult> RollbackAsync(SandboxId id, string snapshotId, CancellationToken cancellationToken);

    /// <summary>
    /// Goes back to an earlier state: the snapshot that the files stand on where they differ from it, else the one before it, and so on. It is a
    /// rollback in all else.
    /// </summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NothingToUndo"/>, <see cref="ErrorKind.RollbackFailed"/>, ...</exception>
    Task<RollbackResult> UndoAsync(SandboxId id, int steps, CancellationToken cancellationToken);

    /// <summary>A sandbox's place in the network, and what was refused to it.</summary>
    Task<SandboxNetworkView> NetworkAsync(SandboxId id, CancellationToken cancellationToken);

    /// <summary>Replaces what a sandbox may reach, in one step, for open connections too.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.InvalidArgument"/>: it has no network; <see cref="ErrorKind.SandboxBusy"/>.</exception>
    Task SetEgressAsync(SandboxId id, EgressPolicy policy, CancellationToken cancellationToken);

    /// <summary>Makes <paramref name="count"/> sandboxes with the same files, all or none.</summary>
    /// <param name="id">The source.</param>
    /// <param name="snapshotId">As the caller sent it; null takes a snapshot named <c>fork</c> first.</param>
    /// <param name="count">1 to <c>sandbox.max_fork_count</c>.</param>
    /// <param name="cancellationToken">Ends waiting for a turn.</param>
    Task<ForkResult> ForkAsync(SandboxId id, string? snapshotId, int count, CancellationToken cancellationToken);
}
