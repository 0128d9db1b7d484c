namespace Sleigh.Runtime.Options;

/// <summary>Section <c>maintenance</c>.</summary>
public sealed record MaintenanceOptions
{
    /// <summary>Key <c>maintenance.interval_seconds</c>: time between two clean-ups.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromHours(1);
}
