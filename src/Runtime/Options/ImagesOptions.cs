namespace Sleigh.Runtime.Options;

/// <summary>Section <c>images</c>.</summary>
public sealed record ImagesOptions
{
    /// <summary>Key <c>images.pull_timeout_seconds</c>: time limit of one pull.</summary>
    public TimeSpan PullTimeout { get; init; } = TimeSpan.FromSeconds(120);
}
