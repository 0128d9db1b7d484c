using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <content>What was used.</content>
public sealed partial record Cgroup
{
    /// <summary>Reads all figures the kernel has. Read before the cgroup is removed: nothing is left of them afterwards.</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public CgroupUsage ReadUsage()
    {
        using KernelDirectory directory = OpenSelf();
        return new CgroupUsage
        {
            Cpu = directory.TryRead("cpu.stat") is { } cpu ? CpuStat.Parse(cpu) : null,
            MemoryCurrent = directory.TryRead("memory.current") is { } current ? LimitValue.Parse(current) : null,
            MemoryPeak = directory.TryRead("memory.peak") is { } peak ? LimitValue.Parse(peak) : null,
            MemoryEvents = directory.TryRead("memory.events") is { } events ? Cgroups.MemoryEvents.Parse(events) : null,
            MemoryPressure = directory.TryRead("memory.pressure") is { } pressure ? Pressure.Parse(pressure) : null,
            Io = directory.TryRead("io.stat") is { } io ? IoStat.Parse(io, StackedDevices.Contains) : null,
        };
    }
}
