namespace Sleigh.Runtime.Options;

/// <summary>Section <c>snapshots</c>.</summary>
public sealed record SnapshotsOptions
{
    /// <summary>Key <c>snapshots.retention_days</c>: an older snapshot is deleted unless live files stand on it; null (written 0): never.</summary>
    public TimeSpan? Retention { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Key <c>snapshots.auto_kept</c>: how many of a sandbox's automatic snapshots stay.</summary>
    public int AutoKept { get; init; } = 20;

    /// <summary>Key <c>snapshots.max_per_sandbox</c>: how many snapshots of a sandbox stay, the newest; 0: all.</summary>
    public int MaxPerSandbox { get; init; }
}
