namespace Sleigh.Runtime;

/// <summary>The types of events that this version writes.</summary>
public static class EventTypes
{
    /// <summary>A sandbox was made.</summary>
    public const string SandboxCreated = "sandbox.created";

    /// <summary>It runs: after its creation, and again when a command started one that had exited.</summary>
    public const string SandboxStarted = "sandbox.started";

    /// <summary>Its processes are gone; its files are kept.</summary>
    public const string SandboxExited = "sandbox.exited";

    /// <summary>Its files are those of a snapshot again.</summary>
    public const string SandboxRolledBack = "sandbox.rolled_back";

    /// <summary>It was deleted; <see cref="EventData.Reason"/> says why.</summary>
    public const string SandboxDeleted = "sandbox.deleted";

    /// <summary>A snapshot was taken.</summary>
    public const string SnapshotCreated = "snapshot.created";

    /// <summary>All data of a snapshot has reached the disk.</summary>
    public const string SnapshotDurable = "snapshot.durable";

    /// <summary>A snapshot was deleted, by itself or with its sandbox.</summary>
    public const string SnapshotDeleted = "snapshot.deleted";

    /// <summary>A command was accepted and is about to start.</summary>
    public const string ExecStarted = "exec.started";

    /// <summary>A command has its final state.</summary>
    public const string ExecFinished = "exec.finished";
}
