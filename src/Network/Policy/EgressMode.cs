namespace Sleigh.Network;

/// <summary>What a sandbox on a network may reach that nothing forbids by name.</summary>
public enum EgressMode
{
    /// <summary>All addresses of the world; none that is protected.</summary>
    Open,

    /// <summary>Only what is allowed by name.</summary>
    Restricted,

    /// <summary>Nothing.</summary>
    None,
}
