namespace Sleigh.Runtime.Options;

/// <summary>Section <c>events</c>.</summary>
public sealed record EventsOptions
{
    /// <summary>Key <c>events.kept_per_session</c>: events a reader can come back for.</summary>
    public int KeptPerSession { get; init; } = 1000;
}
