namespace Sleigh.Runtime;

/// <summary>The daemon cannot start: one sentence that says why and what to do.</summary>
public sealed class StartException : Exception
{
    /// <summary>Makes the error.</summary>
    public StartException(StartFailureKind kind, string message, Exception? cause = null)
        : base(message, cause) => Kind = kind;

    /// <summary>What stands in the way.</summary>
    public StartFailureKind Kind { get; }
}
