namespace Sleigh.Runtime;

/// <summary>Why the runtime refused or failed. Callers branch on this and on nothing else.</summary>
public enum ErrorKind
{
    /// <summary>A value is out of range or of the wrong form; <c>field</c> names it.</summary>
    InvalidArgument,

    /// <summary>A path or an archive's entry leads where nothing may be read or written; <c>field</c> or <c>entry</c> names it.</summary>
    PathNotAllowed,

    /// <summary>Required but missing; <c>field</c> names it.</summary>
    BadRequest,

    /// <summary>The address of a webhook is no absolute http or https URL.</summary>
    InvalidWebhookUrl,

    /// <summary>The address of a webhook lies in a network that is never connected to.</summary>
    WebhookUrlBlocked,

    /// <summary>The program is not one of those that only read; <c>allowed</c> lists them.</summary>
    UnsupportedReadCommand,

    /// <summary>The program would write or execute; <c>command</c> and <c>argument</c> name what.</summary>
    ReadOnlyViolation,

    /// <summary>There is no build for this language; <c>allowed</c> lists those there are.</summary>
    UnsupportedBuildLanguage,

    /// <summary>The host cannot give what was asked (runtime class, disk limit, network mode).</summary>
    UnsupportedOnHost,

    /// <summary>The limit asked for is above the host's budget.</summary>
    MemoryOverBudget,

    /// <summary>Belongs to another session.</summary>
    Forbidden,

    /// <summary>The operator does not allow writing to this host directory; <c>workspace_path</c> names it.</summary>
    MountRwNotAllowed,

    /// <summary>The operator does not allow sandboxes in the host's network; <c>setting</c> names what would.</summary>
    HostNetworkNotAllowed,

    /// <summary>No such sandbox, exec or output.</summary>
    NotFound,

    /// <summary>No such snapshot; details list the ones there are.</summary>
    SnapshotNotFound,

    /// <summary>No such directory on the host.</summary>
    HostPathNotFound,

    /// <summary>Something is mounted at this place already; <c>mount_id</c> names it.</summary>
    MountExists,

    /// <summary>What is at this place of the sandbox is no directory.</summary>
    ContainerPathConflict,

    /// <summary>The host directory of a recorded mount is gone; <c>host_path</c> names it.</summary>
    MountSourceMissing,

    /// <summary>The name is in use by another sandbox of the session.</summary>
    NameInUse,

    /// <summary>The memory target is not above the present limit.</summary>
    TargetNotAboveCurrent,

    /// <summary>There is no earlier state that far back; <c>possible_steps</c> says how far there is.</summary>
    NothingToUndo,

    /// <summary>Another change has held the sandbox for too long.</summary>
    SandboxBusy,

    /// <summary>The Idempotency-Key was used with another request.</summary>
    IdempotencyConflict,

    /// <summary>The image is not on the host and the caller asked to be told.</summary>
    ImagePullNeeded,

    /// <summary>The image is not on the host and could not be fetched.</summary>
    ImagePullFailed,

    /// <summary>Fetching the image took longer than it may.</summary>
    ImagePullTimeout,

    /// <summary>The available share of host memory is low and the caller has not confirmed.</summary>
    LowMemoryConfirmationRequired,

    /// <summary>The available share of host memory is too low for new work.</summary>
    HostMemoryLow,

    /// <summary>A quota is used up.</summary>
    QuotaExceeded,

    /// <summary>Too many calls in a short time.</summary>
    RateLimited,

    /// <summary>The sandbox could not be started.</summary>
    SandboxStartFailed,

    /// <summary>The snapshot was not taken; nothing has changed.</summary>
    SnapshotFailed,

    /// <summary>The rollback was not done; nothing has changed.</summary>
    RollbackFailed,

    /// <summary>A directory of the host could not be copied into the sandbox.</summary>
    CopyFailed,

    /// <summary>The values of a sandbox's secrets are gone, and the command does not bring them.</summary>
    SecretsLost,

    /// <summary>The directory that all mounts, or all environments, lie under is missing.</summary>
    ZoneUnavailable,

    /// <summary>The data disk or the layer pool is full.</summary>
    DiskFull,

    /// <summary>Nothing listens on the port of the sandbox, or the sandbox does not run.</summary>
    PortNotListening,

    /// <summary>The host itself could not open a connection into the sandbox; the cause is for the log.</summary>
    PortUnreachable,

    /// <summary>containerd does not answer.</summary>
    EngineUnavailable,

    /// <summary>The daemon is stopping.</summary>
    ShuttingDown,

    /// <summary>An image archive was refused; the message says why.</summary>
    InvalidImage,

    /// <summary>The image is in use and cannot be removed.</summary>
    ImageInUse,
}
