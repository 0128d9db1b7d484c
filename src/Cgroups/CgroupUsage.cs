namespace Sleigh.Cgroups;

/// <summary>What a cgroup and everything below it used, as far as the kernel tells: a missing figure is null.</summary>
public sealed record CgroupUsage
{
    /// <summary>CPU time.</summary>
    public CpuStat? Cpu { get; init; }

    /// <summary>Memory in use now, page cache included (memory controller).</summary>
    public long? MemoryCurrent { get; init; }

    /// <summary>Most memory in use so far (memory controller, Linux 5.19).</summary>
    public long? MemoryPeak { get; init; }

    /// <summary>Limits met (memory controller).</summary>
    public MemoryEvents? MemoryEvents { get; init; }

    /// <summary>Time lost to lack of memory (PSI; needs no controller).</summary>
    public Pressure? MemoryPressure { get; init; }

    /// <summary>Bytes read and written at devices that stand on no other one (io controller).</summary>
    public IoStat? Io { get; init; }
}
