namespace Sleigh.Runtime;

/// <summary>Why a command's end is not only its own.</summary>
internal enum ExecEndCause
{
    /// <summary>It ended by itself.</summary>
    Itself,

    /// <summary>A cancel came before its end.</summary>
    Cancel,

    /// <summary>Its time limit ended it.</summary>
    TimeLimit,

    /// <summary>The sandbox was over its soft disk limit.</summary>
    DiskLimit,

    /// <summary>The sandbox was deleted.</summary>
    Delete,

    /// <summary>The sandbox was rolled back.</summary>
    Rollback,

    /// <summary>The sandbox's PID 1 is gone.</summary>
    SandboxStopped,

    /// <summary>Nothing is known of its end after a restart of the daemon.</summary>
    Lost,
}
