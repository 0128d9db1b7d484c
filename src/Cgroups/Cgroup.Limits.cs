using Sleigh.Linux;
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

    /// <summary>
    /// Writes <c>memory.max</c>, in bytes; null: no limit. False: this cgroup has no memory controller. A limit below what is in
    /// use: since Linux 6.16 (commit c8e6002bd611) the call returns at once, and the cgroup's own next allocation reclaims, or
    /// dies for it; an older kernel ignores O_NONBLOCK, and reclaims and kills before the call returns.
    /// </summary>
    public bool SetMemoryMax(long? bytes) => SetLimit("memory.max", LimitValue.Format(bytes), nonBlocking: true);

    /// <summary>
    /// Writes <c>memory.high</c>, in bytes; null: no brake. False: this cgroup has no memory controller. A brake below what is in
    /// use: since Linux 6.16 the call returns at once and reclaims nothing itself (<see cref="Reclaim"/> does); an older kernel
    /// ignores O_NONBLOCK and reclaims before the call returns.
    /// </summary>
    public bool SetMemoryHigh(long? bytes) => SetLimit("memory.high", LimitValue.Format(bytes), nonBlocking: true);

    /// <summary>Writes <c>memory.low</c>, in bytes: what the kernel spares as long as it finds memory elsewhere. False: no memory controller.</summary>
    public bool SetMemoryLow(long bytes) => SetLimit("memory.low", LimitValue.Format(bytes));

    /// <summary>Writes <c>memory.min</c>, in bytes: what the kernel never takes away. False: no memory controller.</summary>
    public bool SetMemoryMin(long bytes) => SetLimit("memory.min", LimitValue.Format(bytes));

    /// <summary>Writes <c>memory.oom.group</c>: the whole cgroup dies when one process is killed for memory. False: no memory controller.</summary>
    public bool SetOomGroup(bool whole) => SetLimit("memory.oom.group", whole ? "1" : "0");

    /// <summary>Writes <c>memory.swap.max</c>, in bytes; null: no limit. False: no memory controller, or a kernel without swap.</summary>
    public bool SetSwapMax(long? bytes) => SetLimit("memory.swap.max", LimitValue.Format(bytes));

    /// <summary>Writes <c>pids.max</c>; null: no limit. False: this cgroup has no pids controller.</summary>
    public bool SetPidsMax(long? count) => SetLimit("pids.max", LimitValue.Format(count));

    /// <summary>Writes <c>cpu.max</c>. False: this cgroup has no cpu controller.</summary>
    public bool SetCpuMax(CpuMax limit) => SetLimit("cpu.max", limit.ToString());

    /// <summary>
    /// Writes <c>cpuset.cpus</c>: where this cgroup and all below it may run; what runs there already moves at once. False: this cgroup has no cpuset
    /// controller.
    /// </summary>
    public bool SetCpus(CpuSet cpus) => SetLimit("cpuset.cpus", cpus.ToString());

    /// <summary>Writes <c>cpu.weight</c>: the share of CPU time among its siblings, 1 to 10000, where 100 is usual. False: no cpu controller.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside that range.</exception>
    public bool SetCpuWeight(int weight)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(weight, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(weight, 10_000);
        return SetLimit("cpu.weight", LimitValue.Format(weight));
    }

    /// <summary>Reads <c>memory.max</c>. Null: no limit, or no memory controller.</summary>
    public long? ReadMemoryMax() => ReadLimit("memory.max");

    /// <summary>Reads <c>memory.high</c>. Null: no brake, or no memory controller.</summary>
    public long? ReadMemoryHigh() => ReadLimit("memory.high");

    /// <summary>Reads <c>memory.low</c>. Null: all of it is spared, or no memory controller.</summary>
    public long? ReadMemoryLow() => ReadLimit("memory.low");

    /// <summary>Reads <c>memory.min</c>. Null: all of it is kept, or no memory controller.</summary>
    public long? ReadMemoryMin() => ReadLimit("memory.min");

    /// <summary>Reads <c>memory.swap.max</c>. Null: no limit, no memory controller, or a kernel without swap.</summary>
    public long? ReadSwapMax() => ReadLimit("memory.swap.max");

    /// <summary>Reads <c>memory.oom.group</c>. Null: no memory controller.</summary>
    public bool? ReadOomGroup() => ReadLimit("memory.oom.group") is { } whole ? whole != 0 : null;

    /// <summary>Reads <c>cgroup.freeze</c>: whether it is asked to stand still; <see cref="ReadEvents"/> tells whether it does. Null: the root, or before Linux 5.2.</summary>
    public bool? ReadFreeze() => ReadLimit("cgroup.freeze") is { } frozen ? frozen != 0 : null;

    /// <summary>Reads <c>cpu.weight</c>. Null: no cpu controller.</summary>
    public int? ReadCpuWeight() => (int?)ReadLimit("cpu.weight");

    /// <summary>Reads <c>pids.max</c>. Null: no limit, or no pids controller.</summary>
    public long? ReadPidsMax() => ReadLimit("pids.max");

    /// <summary>Reads <c>cpu.max</c>. Null: no cpu controller.</summary>
    public CpuMax? ReadCpuMax()
    {
        using KernelDirectory directory = OpenSelf();
        return directory.TryRead("cpu.max") is { } text ? CpuMax.Parse(text) : null;
    }

    private bool SetLimit(string file, string value, bool nonBlocking = false)
    {
        using KernelDirectory directory = OpenSelf();
        return directory.TryWrite(file, value, nonBlocking);
    }

    private long? ReadLimit(string file)
    {
        using KernelDirectory directory = OpenSelf();
        return directory.TryRead(file) is { } text ? LimitValue.Parse(text) : null;
    }
}
