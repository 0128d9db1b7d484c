namespace Sleigh.Runtime;

/// <summary>What an exec is doing; the last three are final.</summary>
public enum ExecStatus
{
    /// <summary>Its process runs.</summary>
    Running,

    /// <summary>A cancel was asked for; its processes are being ended.</summary>
    Cancelling,

    /// <summary>Ended with status 0.</summary>
    Succeeded,

    /// <summary>Ended with another status, or could not run to its end.</summary>
    Failed,

    /// <summary>Ended by a cancel.</summary>
    Cancelled,
}
