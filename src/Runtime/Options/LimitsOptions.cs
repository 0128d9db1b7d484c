namespace Sleigh.Runtime.Options;

/// <summary>Section <c>limits</c>: quotas; null (written 0): none.</summary>
public sealed record LimitsOptions
{
    /// <summary>Key <c>limits.sandboxes_per_session</c>.</summary>
    public int? SandboxesPerSession { get; init; }

    /// <summary>Key <c>limits.creates_per_minute_per_session</c>: sandboxes a session may make in a minute, forks included.</summary>
    public int? CreatesPerMinutePerSession { get; init; }

    /// <summary>Key <c>limits.snapshots_per_sandbox</c>.</summary>
    public int? SnapshotsPerSandbox { get; init; }
}
