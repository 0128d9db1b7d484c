namespace Sleigh.Containerd;

/// <summary>What went wrong with a call to containerd; callers branch on this and on nothing else.</summary>
public enum ContainerdErrorKind
{
    /// <summary>containerd failed and gave no better reason.</summary>
    Internal,

    /// <summary>The thing named in the call does not exist.</summary>
    NotFound,

    /// <summary>The thing to be made exists already.</summary>
    AlreadyExists,

    /// <summary>A value in the call is not valid.</summary>
    InvalidArgument,

    /// <summary>The thing is not in the state that the call needs.</summary>
    FailedPrecondition,

    /// <summary>containerd cannot be reached, or the connection was lost; whether the call took effect is not known.</summary>
    Unavailable,

    /// <summary>No answer within the time limit of the call.</summary>
    DeadlineExceeded,

    /// <summary>containerd ended the call early.</summary>
    Cancelled,

    /// <summary>The socket may not be used by this user, or containerd refused.</summary>
    PermissionDenied,

    /// <summary>A limit was met: disk, memory, or the size of a message.</summary>
    ResourceExhausted,

    /// <summary>This containerd does not know the call.</summary>
    Unimplemented,
}
