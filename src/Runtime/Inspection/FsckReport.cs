namespace Sleigh.Runtime;

/// <summary>What was looked at, and what is wrong.</summary>
/// <param name="Sandboxes">Sandboxes recorded.</param>
/// <param name="Snapshots">Snapshots recorded.</param>
/// <param name="LiveLayers">Writable layers found.</param>
/// <param name="SealedLayers">Sealed layers found.</param>
/// <param name="Mounts">Host directories recorded in sandboxes that run.</param>
/// <param name="Findings">Empty: all is well.</param>
public sealed record FsckReport(int Sandboxes, int Snapshots, int LiveLayers, int SealedLayers, int Mounts, IReadOnlyList<FsckFinding> Findings);

/// <summary>One thing that is wrong.</summary>
/// <param name="Kind">What it is, in snake_case, as <c>missing_layer</c>.</param>
/// <param name="Subject">Of what: an id, the name of a layer, a file.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Explanation">A sentence: what it means and what to do.</param>
public sealed record FsckFinding(string Kind, string Subject, FsckOutcome Outcome, string Explanation);

/// <summary>What became of a finding.</summary>
public enum FsckOutcome
{
    /// <summary>It can be mended without losing anything; nobody asked for it.</summary>
    Repairable,

    /// <summary>It was mended.</summary>
    Repaired,

    /// <summary>Only the administrator can do something.</summary>
    Manual,
}
