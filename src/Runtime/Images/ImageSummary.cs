namespace Sleigh.Runtime;

/// <summary>An image on this host.</summary>
public sealed record ImageSummary(string Name, string Digest, long SizeBytes, DateTimeOffset Created)
{
    /// <summary>A sandbox stands on its layers.</summary>
    public bool InUse { get; init; }

    /// <summary>When it was last pulled, or last a sandbox's; null when that is not known.</summary>
    public DateTimeOffset? LastUsed { get; init; }
}
