namespace Sleigh.Runtime.Init;

/// <summary>What sleigh-init knows of an exec.</summary>
public enum ExecState
{
    /// <summary>Its process exists and has not come to its program yet.</summary>
    Starting = 1,

    /// <summary>Its program runs.</summary>
    Running = 2,

    /// <summary>Its main process has ended and been reaped.</summary>
    Ended = 3,

    /// <summary>Its program never ran.</summary>
    Failed = 4,
}
