using Sleigh.Cgroups.Growth;

namespace Sleigh.Benchmarks.MemorySimulation.Model;

/// <summary>One sandbox of a trace.</summary>
/// <param name="Demand">What it wants.</param>
/// <param name="StartMb">The limit it is made with.</param>
/// <param name="CeilingMb">Its ceiling.</param>
/// <param name="Tasks">How many of its tasks take memory at the same time.</param>
internal sealed record Workload(Demand Demand, int StartMb = 256, int CeilingMb = 16_384, int Tasks = 4)
{
    /// <summary>The policy's bounds.</summary>
    public GrowthBounds Bounds => new(StartMb * GrowthOptions.MiB, CeilingMb * GrowthOptions.MiB, true);
}
