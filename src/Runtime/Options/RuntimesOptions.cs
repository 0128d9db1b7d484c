namespace Sleigh.Runtime.Options;

/// <summary>Section <c>runtimes</c>: what the runtime classes other than runc are started by.</summary>
public sealed record RuntimesOptions
{
    /// <summary>Key <c>runtimes.crun</c>: the program, a path or a name looked up in PATH; containerd's shim of runc starts it.</summary>
    public string Crun { get; init; } = "crun";

    /// <summary>Key <c>runtimes.runsc</c>: containerd's name of gVisor's shim.</summary>
    public string Runsc { get; init; } = "io.containerd.runsc.v1";

    /// <summary>Key <c>runtimes.kata</c>: containerd's name of Kata's shim.</summary>
    public string Kata { get; init; } = "io.containerd.kata.v2";
}
