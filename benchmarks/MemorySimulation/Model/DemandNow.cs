namespace Sleigh.Benchmarks.MemorySimulation.Model;

/// <summary>What is wanted at one moment.</summary>
/// <param name="Bytes">Anonymous memory.</param>
/// <param name="Runs">Whether a command runs.</param>
/// <param name="ReadPerSecond">MB of files read each second.</param>
/// <param name="SameUntil">Up to where nothing changes, in microseconds of the workload's time.</param>
internal readonly record struct DemandNow(long Bytes, bool Runs, double ReadPerSecond, long SameUntil);
