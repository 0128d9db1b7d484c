namespace Sleigh.Benchmarks.MemorySimulation.Model;

/// <summary>What a workload wants from here on; between two points the memory changes evenly.</summary>
/// <param name="Seconds">On the workload's own clock, which stands still while it is held up.</param>
/// <param name="Megabytes">Anonymous memory.</param>
/// <param name="Runs">Whether a command runs.</param>
/// <param name="ReadPerSecond">MB of files read each second, which fill the page cache.</param>
internal readonly record struct DemandPoint(double Seconds, double Megabytes, bool Runs = false, double ReadPerSecond = 0);
