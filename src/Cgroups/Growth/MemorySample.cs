namespace Sleigh.Cgroups.Growth;

/// <summary>What was read of one cgroup at one moment. Bytes; counters only grow.</summary>
public sealed record MemorySample
{
    /// <summary>When it was read, on a clock that only goes forward.</summary>
    public required TimeSpan At { get; init; }

    /// <summary><c>memory.current</c>: everything, page cache included.</summary>
    public required long Usage { get; init; }

    /// <summary><c>inactive_file</c> of <c>memory.stat</c>: page cache that the kernel would drop first.</summary>
    public required long InactiveFile { get; init; }

    /// <summary><c>active_file</c> of <c>memory.stat</c>: page cache that was used more than once; the kernel drops it too when it must.</summary>
    public long ActiveFile { get; init; }

    /// <summary>The counters of <c>memory.events</c>.</summary>
    public required MemoryEvents Events { get; init; }

    /// <summary>Time in which at least one task was stalled for memory, since the cgroup exists; zero where the kernel has no PSI.</summary>
    public required TimeSpan Stalled { get; init; }

    /// <summary>The brake in force: <c>memory.high</c>.</summary>
    public required long Brake { get; init; }

    /// <summary>The wall in force: <c>memory.max</c>.</summary>
    public required long Wall { get; init; }

    /// <summary>Usage without page cache that can be dropped; at least 0.</summary>
    public long WorkingSet => Math.Max(0, Usage - InactiveFile);

    /// <summary>
    /// Usage without any page cache; at least 0. What is read twice below the brake stands in <see cref="ActiveFile"/>, so the working set
    /// alone would let a file grow a limit. Where dropping that part hurts, stalls tell.
    /// </summary>
    public long Held => Math.Max(0, WorkingSet - ActiveFile);
}
