namespace Sleigh.Runtime;

/// <summary>What keeps the daemon from starting.</summary>
public enum StartFailureKind
{
    /// <summary>Another daemon uses the data directory, or the cgroup of all sandboxes.</summary>
    AlreadyRunning,

    /// <summary>containerd is missing, dead or refuses.</summary>
    Containerd,

    /// <summary>Data or state directory, database or layer store cannot be used.</summary>
    Storage,

    /// <summary>The kernel lacks something, or sleigh-init is missing.</summary>
    Host,
}
