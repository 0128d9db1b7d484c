namespace Sleigh.Runtime.Options;

/// <summary>Section <c>sandbox</c>: what a sandbox gets when its create call does not say.</summary>
public sealed record SandboxOptions
{
    /// <summary>Docker's default capability list: enough for package managers and servers, nothing that reaches the host.</summary>
    public static IReadOnlyList<string> DefaultCapabilities { get; } =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ];

    /// <summary>Key <c>sandbox.memory_mb</c>: first memory limit.</summary>
    public int MemoryMb { get; init; } = 256;

    /// <summary>Key <c>sandbox.cpus</c>; null (written 0): no limit.</summary>
    public double? Cpus { get; init; }

    /// <summary>Key <c>sandbox.network</c>.</summary>
    public NetworkMode Network { get; init; } = NetworkMode.Bridge;

    /// <summary>Key <c>sandbox.runtime</c>: <c>runc</c>; others are not yet available.</summary>
    public string Runtime { get; init; } = "runc";

    /// <summary>Key <c>sandbox.idle_ttl_days</c>: an unused sandbox is deleted after this; null (written 0): never.</summary>
    public TimeSpan? IdleTtl { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Key <c>sandbox.max_fork_count</c>: forks one call may make.</summary>
    public int MaxForkCount { get; init; } = 64;

    /// <summary>Key <c>sandbox.capabilities</c>, as <c>CAP_</c> names. <c>CAP_SYS_ADMIN</c> is refused: it could take the tree off the root.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = DefaultCapabilities;

    /// <summary>Key <c>sandbox.open_files</c>: the most open files of a process.</summary>
    public int OpenFiles { get; init; } = 1_048_576;

    /// <summary>Key <c>sandbox.proc</c>.</summary>
    public ProcView Proc { get; init; } = ProcView.Generated;

    /// <summary>Key <c>sandbox.user_namespace</c>: root inside is an ordinary user of the host.</summary>
    public UserNamespaceUse UserNamespace { get; init; } = UserNamespaceUse.Auto;

    /// <summary>Key <c>sandbox.durability</c>.</summary>
    public Durability Durability { get; init; } = Durability.Strict;
}
