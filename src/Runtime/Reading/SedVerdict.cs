namespace Sleigh.Runtime.Reading;

/// <summary>What one way to read a sed script finds.</summary>
internal enum SedVerdict
{
    /// <summary>The script is understood and only reads.</summary>
    Reads,

    /// <summary>A sed that reads it in this way refuses the script as wrong, and runs nothing of it.</summary>
    Broken,

    /// <summary>It writes, executes, or cannot be read for sure.</summary>
    Refused,
}
