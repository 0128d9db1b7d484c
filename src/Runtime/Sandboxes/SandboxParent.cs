namespace Sleigh.Runtime;

/// <summary>Where the files of a fork, or of a create from a snapshot, came from.</summary>
public sealed record SandboxParent(SandboxId Sandbox, SnapshotId Snapshot);
