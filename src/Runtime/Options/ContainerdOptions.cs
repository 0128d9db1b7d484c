namespace Sleigh.Runtime.Options;

/// <summary>Section <c>containerd</c>: the container engine.</summary>
public sealed record ContainerdOptions
{
    /// <summary>Key <c>containerd.mode</c>.</summary>
    public ContainerdMode Mode { get; init; } = ContainerdMode.Auto;

    /// <summary>Key <c>containerd.address</c>: socket of the system's containerd.</summary>
    public string Address { get; init; } = "/run/containerd/containerd.sock";

    /// <summary>Key <c>containerd.binary</c>: program of an embedded containerd, a path or a name looked up in PATH.</summary>
    public string Binary { get; init; } = "containerd";

    /// <summary>Key <c>containerd.runtime</c>: the shim that starts containers.</summary>
    public string Runtime { get; init; } = "io.containerd.runc.v2";
}
