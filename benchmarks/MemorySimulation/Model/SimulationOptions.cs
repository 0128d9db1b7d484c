using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Memory;

namespace Sleigh.Benchmarks.MemorySimulation.Model;

/// <summary>How a trace is run.</summary>
internal sealed record SimulationOptions
{
    /// <summary>From the kernel's notification to the written limit.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>A fixed limit for each sandbox in MB, which nobody moves; null: they grow.</summary>
    public int? StaticMb { get; init; }

    /// <summary>After its last growth a sandbox without a command counts as idle, from which others may take.</summary>
    public TimeSpan IdleAfter { get; init; } = MemoryLedger.IdleAfter;

    /// <summary>The policy's figures.</summary>
    public GrowthOptions Policy { get; init; } = new();
}
