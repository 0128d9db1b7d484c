namespace Sleigh.Runtime.Options;

/// <summary>Section <c>mounts</c>: host directories that sandboxes may see.</summary>
public sealed record MountsOptions
{
    /// <summary>Key <c>mounts.root</c>: the directory all mounts lie under; null: no mounts.</summary>
    public string? Root { get; init; }

    /// <summary>Key <c>mounts.rw_paths</c>: paths below <see cref="Root"/>, without a leading slash, where a mount may be writable.</summary>
    public IReadOnlyList<string> RwPaths { get; init; } = [];
}
