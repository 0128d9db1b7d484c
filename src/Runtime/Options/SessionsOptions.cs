namespace Sleigh.Runtime.Options;

/// <summary>Section <c>sessions</c>: the owners of sandboxes.</summary>
public sealed record SessionsOptions
{
    /// <summary>Key <c>sessions.idle_ttl_seconds</c>: an unused session ends after this; null (written 0): never.</summary>
    public TimeSpan? IdleTtl { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Key <c>sessions.max_issued_per_minute</c>: tokens handed out in a minute.</summary>
    public int MaxIssuedPerMinute { get; init; } = 600;
}
