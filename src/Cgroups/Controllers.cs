namespace Sleigh.Cgroups;

/// <summary>The controllers of cgroup version 2 that limits and figures come from. Source: the kernel's cgroup-v2 document.</summary>
[Flags]
public enum Controllers
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><c>cpu.max</c>, <c>cpu.weight</c>.</summary>
    Cpu = 1,

    /// <summary><c>memory.max</c>, <c>memory.high</c>, <c>memory.events</c>.</summary>
    Memory = 2,

    /// <summary><c>pids.max</c>.</summary>
    Pids = 4,

    /// <summary><c>io.max</c>, <c>io.stat</c>.</summary>
    Io = 8,

    /// <summary><c>cpuset.cpus</c>.</summary>
    Cpuset = 16,

    /// <summary>All of the above.</summary>
    All = Cpu | Memory | Pids | Io | Cpuset,
}
