namespace Sleigh.Runtime;

/// <summary>What became of one try, in a word; the label <c>result</c> of the metric.</summary>
public enum WebhookOutcomeKind
{
    /// <summary>A 2xx status.</summary>
    Ok,

    /// <summary>A 3xx status.</summary>
    Redirect,

    /// <summary>Another status.</summary>
    Status,

    /// <summary>No answer in time.</summary>
    Timeout,

    /// <summary>No connection, or no HTTP on it.</summary>
    NoConnection,

    /// <summary>The address is never connected to.</summary>
    Blocked,

    /// <summary>The daemon ended meanwhile.</summary>
    CutOff,
}
