using Sleigh.Runtime;

namespace Sleigh.Api.Requests;

/// <summary>A read command whose values are in range, and which part of its output is shown.</summary>
internal sealed record ReadPlan
{
    /// <summary>One of the read commands.</summary>
    public required string Command { get; init; }

    /// <summary>How it runs.</summary>
    public required ExecSpec Spec { get; init; }

    /// <summary>How long its end is waited for.</summary>
    public required TimeSpan Wait { get; init; }

    /// <summary>The most bytes shown of each stream.</summary>
    public required int MostBytes { get; init; }

    /// <summary>The most lines shown of each stream; 0: all.</summary>
    public required int MostLines { get; init; }

    /// <summary>So many bytes of standard output are left out first.</summary>
    public required long Offset { get; init; }
}
