namespace Sleigh.Runtime.Options;

/// <summary>Section <c>snapshots</c>.</summary>
public sealed record SnapshotsOptions
{
    /// <summary>Key <c>snapshots.retention_days</c>: an older snapshot is deleted unless live files stand on it; null (written 0): never.</summary>
    public TimeSpan? Retention { get; init; } = TimeSpan.FromDays(14);
}
