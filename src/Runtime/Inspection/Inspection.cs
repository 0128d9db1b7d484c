using System.Globalization;
using System.Runtime.CompilerServices;
using Sleigh.Cgroups;
using Sleigh.Linux.KernelFiles;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <inheritdoc cref="IInspection"/>
internal sealed class Inspection : IInspection
{
    private readonly SandboxParts _parts;
    private readonly CgroupMounts _mounts;
    private readonly ConditionalWeakTable<Slot, SlotGauge> _gauges = [];

    public Inspection(SandboxParts parts, CgroupHierarchy hierarchy) => (_parts, _mounts) = (parts, hierarchy.Mounts);

    /// <inheritdoc/>
    public HostLoad Load()
    {
        MemoryInfo memory = MemoryInfo.Read();
        WarmPoolStatus pool = _parts.Pool.Status;
        IReadOnlyDictionary<SandboxId, int> running = _parts.Execs.CountRunning();
        return new HostLoad
        {
            Time = _parts.Time.GetUtcNow(),
            Cores = Environment.ProcessorCount,
            Load1 = ParseLoad1(File.ReadAllText("/proc/loadavg")),
            MemoryTotalBytes = memory.TotalBytes,
            MemoryAvailableBytes = memory.AvailableBytes,
            MemorySomeAvg10 = ReadHostPressure(),
            PoolAvailable = pool.Available,
            PoolTarget = pool.TargetNow,
            Sandboxes = [.. _parts.Table.All.Where(e => !e.IsDeleted).Select(e => Load(e, running.GetValueOrDefault(e.Id)))],
        };
    }

    /// <inheritdoc/>
    public SandboxPlace? Place(SandboxId id)
    {
        if (_parts.Table.Find(id) is not { IsDeleted: false } entry)
        {
            return null;
        }

        Slot? slot = entry.Slot;
        return new SandboxPlace(slot?.Id.ToString(), slot?.ProcessId, slot?.Group.Path, entry.Record.Layer);
    }

    /// <summary>The first figure of <c>/proc/loadavg</c>.</summary>
    /// <exception cref="FormatException">It does not begin with a number.</exception>
    internal static double ParseLoad1(string text) =>
        double.TryParse(text.AsSpan(0, Math.Max(0, text.IndexOf(' ', StringComparison.Ordinal))), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double load)
            ? load
            : throw new FormatException($"'{text}' does not begin with a load average");

    private SandboxLoad Load(SandboxEntry entry, int running)
    {
        CgroupLoad load = entry.Slot is Slot slot ? Read(slot) : new CgroupLoad();
        return new SandboxLoad
        {
            Sandbox = entry.View,
            MemoryUsedBytes = load.MemoryUsed,
            WorkingSetBytes = load.MemoryWorkingSet,
            MemorySomeAvg10 = load.MemorySomeAvg10,
            CpuUsec = (long?)load.CpuUsage?.TotalMicroseconds,
            Pids = load.Pids,
            RunningExecs = running,
        };
    }

    private CgroupLoad Read(Slot slot)
    {
        try
        {
            return _gauges.GetValue(slot, s => SlotGauge.Of(s, _mounts)).Read();
        }
        catch (KernelFileException)
        {
            // Its groups are being removed.
            return new CgroupLoad();
        }
    }

    private static double? ReadHostPressure()
    {
        try
        {
            return File.Exists("/proc/pressure/memory") ? Pressure.Parse(File.ReadAllText("/proc/pressure/memory")).Some.Avg10 : null;
        }
        catch (IOException)
        {
            // EOPNOTSUPP: PSI is switched off at boot (psi=0).
            return null;
        }
    }
}
