using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <content>What is in use now.</content>
public sealed partial record Cgroup
{
    /// <summary>Reads what its memory consists of; null when it is gone or has no memory controller.</summary>
    public MemoryShares? ReadMemoryShares() => MemoryShares.TryRead(Path, legacy: false);

    /// <summary>Reads what a live view shows; nothing at all when the cgroup is gone.</summary>
    public CgroupLoad ReadLoad()
    {
        using KernelDirectory? directory = TryOpenSelf();
        if (directory is null)
        {
            return new CgroupLoad();
        }

        (long Used, long WorkingSet)? memory = directory.TryRead("memory.current") is { } used
            ? LegacyGroup.MemoryOf(used, directory.TryRead("memory.stat"), "inactive_file")
            : null;
        return new CgroupLoad
        {
            MemoryUsed = memory?.Used,
            MemoryWorkingSet = memory?.WorkingSet,
            MemorySomeAvg10 = directory.TryRead("memory.pressure") is { } pressure ? Pressure.Parse(pressure).Some.Avg10 : null,
            CpuUsage = directory.TryRead("cpu.stat") is { } cpu ? CpuStat.Parse(cpu).Usage : null,
            Pids = directory.TryRead("pids.current") is { } pids ? LimitValue.Parse(pids) : null,
        };
    }
}
