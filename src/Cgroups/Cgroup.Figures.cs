using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <content>Single figures. Each is null when the cgroup lacks the file: no such controller, or an older kernel.</content>
public sealed partial record Cgroup
{
    /// <summary>Reads <c>memory.current</c>: memory in use, page cache included.</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public long? ReadMemoryCurrent() => ReadLimit("memory.current");

    /// <summary>Reads <c>memory.peak</c>: the most memory in use so far (Linux 5.19).</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public long? ReadMemoryPeak() => ReadLimit("memory.peak");

    /// <summary>Reads <c>memory.stat</c>.</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public MemoryStat? ReadMemoryStat() => Read("memory.stat", MemoryStat.Parse);

    /// <summary>Reads <c>memory.events</c>: of the cgroup and those below it.</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public MemoryEvents? ReadMemoryEvents() => Read("memory.events", MemoryEvents.Parse);

    /// <summary>Reads <c>memory.events.local</c>: of the cgroup alone (Linux 5.3).</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public MemoryEvents? ReadLocalMemoryEvents() => Read("memory.events.local", MemoryEvents.Parse);

    /// <summary>Reads <c>memory.pressure</c>; it needs no controller, but PSI.</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public Pressure? ReadMemoryPressure() => Read("memory.pressure", Pressure.Parse);

    /// <summary>Reads <c>cpu.stat</c>.</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public CpuStat? ReadCpuStat() => Read("cpu.stat", CpuStat.Parse);

    /// <summary>Reads <c>io.stat</c>.</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public IoStat? ReadIoStat() => Read("io.stat", IoStat.Parse);

    /// <summary>Reads <c>pids.current</c>: processes and threads, those below it included.</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public long? ReadPidsCurrent() => ReadLimit("pids.current");

    /// <summary>Reads <c>pids.events</c>: how often a fork failed at <c>pids.max</c>.</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public long? ReadPidsRefused() => Read("pids.events", text => FlatKeyed.ValueOf(text, "max"));

    /// <summary>Reads <c>cgroup.subtree_control</c>: the controllers that children have.</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public Controllers ReadEnabledControllers() => Read("cgroup.subtree_control", ControllerList.Parse) ?? Controllers.None;

    private T? Read<T>(string file, Func<string, T> parse)
        where T : struct
    {
        using KernelDirectory directory = OpenSelf();
        return directory.TryRead(file) is { } text ? parse(text) : null;
    }
}
