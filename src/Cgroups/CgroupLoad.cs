namespace Sleigh.Cgroups;

/// <summary>What a cgroup and everything below it has in use now; a figure the kernel does not have is null.</summary>
public sealed record CgroupLoad
{
    /// <summary>Memory, page cache included (memory controller).</summary>
    public long? MemoryUsed { get; init; }

    /// <summary>Memory without inactive page cache (memory controller).</summary>
    public long? MemoryWorkingSet { get; init; }

    /// <summary>Share of the last 10 s in which a task was stalled for lack of memory, in percent.</summary>
    public double? MemorySomeAvg10 { get; init; }

    /// <summary>CPU time used so far.</summary>
    public TimeSpan? CpuUsage { get; init; }

    /// <summary>Processes and threads (pids controller).</summary>
    public long? Pids { get; init; }
}
