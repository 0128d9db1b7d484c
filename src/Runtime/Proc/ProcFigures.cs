using Sleigh.Cgroups;
using Sleigh.Linux;

namespace Sleigh.Runtime.Proc;

/// <summary>What the files of a sandbox's /proc are made of, at one moment.</summary>
internal sealed record ProcFigures
{
    /// <summary>The limit in force, in bytes.</summary>
    public required long MemoryLimit { get; init; }

    /// <summary>What is in use of it.</summary>
    public required MemoryShares Memory { get; init; }

    /// <summary>Where its processes run.</summary>
    public required CpuSet Cpus { get; init; }

    /// <summary>CPU time of all its processes so far, in programs.</summary>
    public TimeSpan UserTime { get; init; }

    /// <summary>The same, in the kernel.</summary>
    public TimeSpan SystemTime { get; init; }

    /// <summary>Since the host has booted: what the start of every process is counted from.</summary>
    public TimeSpan HostUptime { get; init; }

    /// <summary>Processes and threads.</summary>
    public long Tasks { get; init; }

    /// <summary>CPUs in use, damped over 1, 5 and 15 minutes.</summary>
    public ProcLoad Load { get; init; }
}
