using Sleigh.Cgroups;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Runtime;

/// <summary>Takes the figures of a command from its cgroup, just before that is removed.</summary>
internal static class ExecUsageReader
{
    /// <summary>The kernel's figures; null when the cgroup went away with its slot.</summary>
    public static CgroupUsage? Read(Cgroup? leaf)
    {
        try
        {
            return leaf?.ReadUsage();
        }
        catch (KernelFileException)
        {
            return null;
        }
    }

    /// <summary>What it used; a figure the kernel does not have is null.</summary>
    public static ExecUsage Of(CgroupUsage? usage, TimeSpan wall) => new(
        usage?.MemoryPeak,
        usage?.Cpu is { } cpu ? (long)cpu.Usage.TotalMicroseconds : null,
        (long)wall.TotalMilliseconds,
        usage?.MemoryPressure is { } pressure ? (long)pressure.Some.Total.TotalMicroseconds : null,
        usage?.Io?.ReadBytes,
        usage?.Io?.WriteBytes);
}
