namespace Sleigh.Runtime;

/// <summary>What a sandbox uses at one moment. A figure the kernel does not have is null; one that has exited has none.</summary>
public sealed record SandboxLoad
{
    /// <summary>The sandbox.</summary>
    public required Sandbox Sandbox { get; init; }

    /// <summary>Memory, page cache included.</summary>
    public long? MemoryUsedBytes { get; init; }

    /// <summary>Memory without inactive page cache.</summary>
    public long? WorkingSetBytes { get; init; }

    /// <summary>Share of the last 10 s in which a task was stalled for lack of memory, in percent.</summary>
    public double? MemorySomeAvg10 { get; init; }

    /// <summary>CPU time used since it was started.</summary>
    public long? CpuUsec { get; init; }

    /// <summary>Processes and threads.</summary>
    public long? Pids { get; init; }

    /// <summary>Commands running now.</summary>
    public required int RunningExecs { get; init; }
}
