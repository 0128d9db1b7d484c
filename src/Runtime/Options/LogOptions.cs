namespace Sleigh.Runtime.Options;

/// <summary>Section <c>log</c>.</summary>
public sealed record LogOptions
{
    /// <summary>Key <c>log.level</c>: the least level that is written.</summary>
    public LogThreshold Level { get; init; } = LogThreshold.Info;
}
