namespace Sleigh.Runtime.Options;

/// <summary>What network a sandbox has. Its container is made for one of them and cannot change it.</summary>
public enum NetworkMode
{
    /// <summary>A network namespace of its own with loopback only.</summary>
    None,

    /// <summary>Outgoing connections, as far as its policy lets them through.</summary>
    Bridge,

    /// <summary>The host's own network namespace, where no policy holds; only with <c>network.allow_host</c>.</summary>
    Host,
}
