namespace Sleigh.Runtime.Options;

/// <summary>What network a sandbox has.</summary>
public enum NetworkMode
{
    /// <summary>A network namespace of its own with loopback only.</summary>
    None,

    /// <summary>Outgoing connections, as far as its policy lets them through.</summary>
    Bridge,
}
