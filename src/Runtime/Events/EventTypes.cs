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

    /// <summary>Its processes were frozen: for a moment or to save memory.</summary>
    public const string SandboxPaused = "sandbox.paused";

    /// <summary>Its processes run again.</summary>
    public const string SandboxResumed = "sandbox.resumed";

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

    /// <summary>A snapshot that had not reached the disk was not whole after a power cut, and was removed.</summary>
    public const string SnapshotLost = "snapshot.lost";

    /// <summary>A host directory was mounted into a sandbox.</summary>
    public const string MountAdded = "mount.added";

    /// <summary>It was taken out again.</summary>
    public const string MountRemoved = "mount.removed";

    /// <summary>A host directory was copied into a sandbox.</summary>
    public const string EnvironmentCopied = "environment.copied";

    /// <summary>A file of a sandbox was written or removed by a call.</summary>
    public const string FileWritten = "file.written";

    /// <summary>A webhook's receiver took a delivery.</summary>
    public const string WebhookDelivered = "webhook.delivered";

    /// <summary>A delivery was given up.</summary>
    public const string WebhookFailed = "webhook.failed";

    /// <summary>A command was accepted and is about to start.</summary>
    public const string ExecStarted = "exec.started";

    /// <summary>A command has its final state.</summary>
    public const string ExecFinished = "exec.finished";

    /// <summary>A memory limit rose; <see cref="EventData.Growth"/> is set.</summary>
    public const string MemoryGrown = "memory.grown";

    /// <summary>A memory limit should have risen and did not; <see cref="EventData.Growth"/> is set.</summary>
    public const string MemoryGrowthRefused = "memory.growth_refused";

    /// <summary>A sandbox came near its memory limit; <see cref="EventData.NearLimit"/> is set.</summary>
    public const string MemoryNearLimit = "memory.near_limit";

    /// <summary>The kernel killed processes of a command for memory, or the command met its limit after growth was refused.</summary>
    public const string MemoryOom = "memory.oom";

    /// <summary>Packets of a sandbox were refused; <see cref="EventData.Refused"/> says how many since the last such event, ten seconds before at least.</summary>
    public const string NetworkRefused = "network.refused";
}
