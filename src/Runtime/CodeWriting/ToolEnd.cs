namespace Sleigh.Runtime.CodeWriting;

/// <summary>How the run of a program ended.</summary>
internal enum ToolEnd
{
    /// <summary>It ended with 0.</summary>
    Succeeded,

    /// <summary>It ended otherwise.</summary>
    Failed,

    /// <summary>There is no such program in the sandbox.</summary>
    Missing,

    /// <summary>It could not be started for another reason.</summary>
    NotStarted,

    /// <summary>The time was over before its end; it has been ended.</summary>
    TimedOut,
}
