namespace Sleigh.Runtime;

/// <summary>The outcome of a fork: all of the asked number.</summary>
/// <param name="Snapshot">The snapshot the forks stand on.</param>
/// <param name="Forks">The new sandboxes.</param>
public sealed record ForkResult(SnapshotId Snapshot, IReadOnlyList<CreatedSandbox> Forks);
