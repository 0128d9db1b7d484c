using Sleigh.Cgroups;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Runtime;

/// <summary>Takes the figures of a command from its cgroup, just before that is removed.</summary>
internal static class ExecUsageReader
{
    /// <summary>What it used; a figure the kernel does not have is null.</summary>
    public static ExecUsage Read(Cgroup? leaf, TimeSpan wall)
    {
        CgroupUsage? usage = null;
        try
        {
            usage = leaf?.ReadUsage();
        }
        catch (KernelFileException)
        {
            // The cgroup went away with its slot; only the time is known.
        }

        return new ExecUsage(
            usage?.MemoryPeak,
            usage?.Cpu is { } cpu ? (long)cpu.Usage.TotalMicroseconds : null,
            (long)wall.TotalMilliseconds,
            usage?.MemoryPressure is { } pressure ? (long)pressure.Some.Total.TotalMicroseconds : null,
            usage?.Io?.ReadBytes,
            usage?.Io?.WriteBytes);
    }
}
