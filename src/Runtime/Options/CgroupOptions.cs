namespace Sleigh.Runtime.Options;

/// <summary>Section <c>cgroup</c>.</summary>
public sealed record CgroupOptions
{
    /// <summary>Key <c>cgroup.subtree</c>: the cgroup of all sandboxes, relative to the root of the version 2 hierarchy.</summary>
    public string Subtree { get; init; } = "sleigh";
}
