namespace Sleigh.Runtime;

/// <summary>A directory of the host in a sandbox.</summary>
public sealed record Mount
{
    /// <summary>The id.</summary>
    public required MountId Id { get; init; }

    /// <summary>The sandbox it is in.</summary>
    public required SandboxId Sandbox { get; init; }

    /// <summary>The directory of the host: absolute, below <c>mounts.root</c>, without links below that.</summary>
    public required string HostPath { get; init; }

    /// <summary>Where it is in the sandbox: absolute, cleaned of <c>.</c>, <c>..</c> and doubled slashes.</summary>
    public required string ContainerPath { get; init; }

    /// <summary>What the sandbox may do in it.</summary>
    public required MountMode Mode { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>
    /// Whether the sandbox runs without it, because the directory of the host (or its place in the sandbox) was not there when the
    /// sandbox was last started or rolled back. It is tried again each time.
    /// </summary>
    public bool IsMissing { get; init; }
}
