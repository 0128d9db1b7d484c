namespace Sleigh.Containerd;

/// <summary>Where containerd is and how we talk to it.</summary>
public sealed record ContainerdOptions
{
    /// <summary>The namespace in which everything of Sleigh lives.</summary>
    public const string DefaultNamespace = "sleigh";

    /// <summary>Path of containerd's gRPC socket; at most 107 bytes.</summary>
    public required string SocketPath { get; init; }

    /// <summary>containerd's namespace for all calls.</summary>
    public string Namespace { get; init; } = DefaultNamespace;

    /// <summary>Time limit of a call that has none of its own.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
