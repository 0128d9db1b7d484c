namespace Sleigh.Runtime;

/// <summary>Why a session ended.</summary>
public enum SessionEndReason
{
    /// <summary>Somebody asked for it.</summary>
    Revoked,

    /// <summary>It had not been used for the configured time.</summary>
    Expired,
}
