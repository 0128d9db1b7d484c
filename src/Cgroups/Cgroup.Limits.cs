using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <content>Controllers and limits. A limit can be set only where the parent passes the controller on.</content>
public sealed partial record Cgroup
{
    /// <summary>The controllers this cgroup has.</summary>
    public Controllers ReadControllers()
    {
        using KernelDirectory directory = OpenSelf();
        return ControllerList.Parse(directory.Read("cgroup.controllers"));
    }

    /// <summary>Passes those of <paramref name="wanted"/> that this cgroup has on to its children.</summary>
    /// <returns>The controllers that children have afterwards.</returns>
    /// <exception cref="KernelFileException">The kernel refuses: EBUSY when processes are in this cgroup and it is not the root.</exception>
    public Controllers EnableControllers(Controllers wanted)
    {
        using KernelDirectory directory = OpenSelf();
        Controllers passedOn = ControllerList.Parse(directory.Read("cgroup.subtree_control"));
        Controllers missing = wanted & ControllerList.Parse(directory.Read("cgroup.controllers")) & ~passedOn;
        if (missing != Controllers.None)
        {
            directory.Write("cgroup.subtree_control", string.Join(' ', missing.Words().Select(word => "+" + word)));
        }

        return passedOn | missing;
    }

    /// <summary>Writes <c>memory.max</c>, in bytes; null: no limit. False: this cgroup has no memory controller.</summary>
    public bool SetMemoryMax(long? bytes) => SetLimit("memory.max", LimitValue.Format(bytes));

    /// <summary>Writes <c>memory.high</c>, in bytes; null: no brake. False: this cgroup has no memory controller.</summary>
    public bool SetMemoryHigh(long? bytes) => SetLimit("memory.high", LimitValue.Format(bytes));

    /// <summary>Writes <c>memory.oom.group</c>: the whole cgroup dies when one process is killed for memory. False: no memory controller.</summary>
    public bool SetOomGroup(bool whole) => SetLimit("memory.oom.group", whole ? "1" : "0");

    /// <summary>Writes <c>memory.swap.max</c>, in bytes; null: no limit. False: no memory controller, or a kernel without swap.</summary>
    public bool SetSwapMax(long? bytes) => SetLimit("memory.swap.max", LimitValue.Format(bytes));

    /// <summary>Writes <c>pids.max</c>; null: no limit. False: this cgroup has no pids controller.</summary>
    public bool SetPidsMax(long? count) => SetLimit("pids.max", LimitValue.Format(count));

    /// <summary>Writes <c>cpu.max</c>. False: this cgroup has no cpu controller.</summary>
    public bool SetCpuMax(CpuMax limit) => SetLimit("cpu.max", limit.ToString());

    /// <summary>Reads <c>memory.max</c>. Null: no limit, or no memory controller.</summary>
    public long? ReadMemoryMax() => ReadLimit("memory.max");

    /// <summary>Reads <c>memory.high</c>. Null: no brake, or no memory controller.</summary>
    public long? ReadMemoryHigh() => ReadLimit("memory.high");

    /// <summary>Reads <c>pids.max</c>. Null: no limit, or no pids controller.</summary>
    public long? ReadPidsMax() => ReadLimit("pids.max");

    /// <summary>Reads <c>cpu.max</c>. Null: no cpu controller.</summary>
    public CpuMax? ReadCpuMax()
    {
        using KernelDirectory directory = OpenSelf();
        return directory.TryRead("cpu.max") is { } text ? CpuMax.Parse(text) : null;
    }

    private bool SetLimit(string file, string value)
    {
        using KernelDirectory directory = OpenSelf();
        return directory.TryWrite(file, value);
    }

    private long? ReadLimit(string file)
    {
        using KernelDirectory directory = OpenSelf();
        return directory.TryRead(file) is { } text ? LimitValue.Parse(text) : null;
    }
}
