namespace Sleigh.Runtime;

/// <summary>One of the two output streams of an exec.</summary>
public enum ExecStream
{
    /// <summary>File descriptor 1.</summary>
    Stdout,

    /// <summary>File descriptor 2.</summary>
    Stderr,
}
