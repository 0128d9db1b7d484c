namespace Sleigh.Runtime.Options;

/// <summary>Whether sandboxes have a user namespace of their own.</summary>
public enum UserNamespaceUse
{
    /// <summary>Where this host can give them; else the log says why not.</summary>
    Auto,

    /// <summary>Always: the daemon does not start where the host cannot.</summary>
    True,

    /// <summary>Never: users inside are the host's.</summary>
    False,
}
