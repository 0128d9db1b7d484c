using System.Text.Json.Serialization;
using Sleigh.Linux;

namespace Sleigh.Runtime;

/// <summary>What became of a check of the layer store.</summary>
public enum ScrubOutcome
{
    /// <summary>It is under way.</summary>
    Running,

    /// <summary>All was looked at.</summary>
    Completed,

    /// <summary>The administrator ended it.</summary>
    Cancelled,

    /// <summary>The daemon ended before it.</summary>
    Interrupted,

    /// <summary>It could not go on; <see cref="Scrub.Error"/> says why.</summary>
    Failed,
}

/// <summary>A check of all that the layer store holds against its checksums.</summary>
public sealed record Scrub
{
    /// <summary>What became of it.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<ScrubOutcome>))]
    public ScrubOutcome Outcome { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>When it ended; null while it goes on, and where the daemon was killed.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>How much of what the filesystem uses was looked at, 0 to 100.</summary>
    public int Percent { get; init; }

    /// <summary>What was read and found.</summary>
    public BtrfsScrubCount Count { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }
}

/// <summary>The checks of the layer store.</summary>
public sealed record ScrubReport
{
    /// <summary>The one under way; null: there is none.</summary>
    public Scrub? Running { get; init; }

    /// <summary>The last that ended; null: there was none.</summary>
    public Scrub? Last { get; init; }
}
