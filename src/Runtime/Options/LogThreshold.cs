namespace Sleigh.Runtime.Options;

/// <summary>The least level of a message that is logged.</summary>
public enum LogThreshold
{
    /// <summary>Everything, for finding faults.</summary>
    Debug,

    /// <summary>Decisions and changes.</summary>
    Info,

    /// <summary>What somebody should look at.</summary>
    Warning,

    /// <summary>What failed.</summary>
    Error,
}
