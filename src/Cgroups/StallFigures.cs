namespace Sleigh.Cgroups;

/// <summary>One line of a pressure file.</summary>
/// <param name="Avg10">Share of time stalled over the last 10 s, in percent.</param>
/// <param name="Avg60">Over the last 60 s.</param>
/// <param name="Avg300">Over the last 300 s.</param>
/// <param name="Total">Time stalled since the cgroup, or the host, exists.</param>
public readonly record struct StallFigures(double Avg10, double Avg60, double Avg300, TimeSpan Total);
