namespace Sleigh.Runtime.CodeWriting;

/// <summary>How checks or a build ended.</summary>
public enum StageStatus
{
    /// <summary>Nothing was run.</summary>
    NotRun,

    /// <summary>All that was run ended with 0.</summary>
    Passed,

    /// <summary>Something ended otherwise, or its time was over.</summary>
    Failed,
}
