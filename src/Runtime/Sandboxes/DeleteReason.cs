namespace Sleigh.Runtime;

/// <summary>Why a sandbox was deleted.</summary>
public enum DeleteReason
{
    /// <summary>Somebody asked for it.</summary>
    Request,

    /// <summary>Its own time to live was over.</summary>
    Ttl,

    /// <summary>Nobody had used it for the configured time.</summary>
    Idle,

    /// <summary>Its session ended.</summary>
    Session,
}
