namespace Sleigh.Network;

/// <summary>Why a packet of a sandbox was refused.</summary>
public enum RefusalReason
{
    /// <summary>A denial names where it went.</summary>
    Denied,

    /// <summary>It went to the host, to another sandbox, to a private network or to whatever else is protected.</summary>
    Protected,

    /// <summary>The policy's mode does not let it through.</summary>
    NotAllowed,

    /// <summary>It would have opened more connections than a sandbox may have.</summary>
    Connections,
}
