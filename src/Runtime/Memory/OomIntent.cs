namespace Sleigh.Runtime.Memory;

/// <summary>
/// The rollback that a command's kill for memory sets off, recorded before it is done. Only a rollback gives a sandbox another live layer,
/// so a sandbox that has another one has been rolled back.
/// </summary>
/// <param name="Layer">The sandbox's live layer when the command was killed.</param>
/// <param name="Snapshot">Its newest snapshot then.</param>
/// <param name="Status">What the command becomes when it is final.</param>
internal sealed record OomIntent(string Layer, SnapshotId Snapshot, ExecStatus Status);
