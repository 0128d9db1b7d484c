using Sleigh.Linux;
using Sleigh.Linux.KernelFiles;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Proc;

/// <summary>The machine that a slot shows its sandbox: its CPUs, and the files that tell of them and of memory.</summary>
internal sealed class SlotMachine
{
    private readonly LiveOptions _options;
    private readonly SlotPaths _paths;
    private readonly HostProc _host = HostProc.OfKernel();
    private readonly CpuChoice _cpus = new(CpuSet.OfProcess(Environment.ProcessId));

    public SlotMachine(LiveOptions options, SlotPaths paths) => (_options, _paths) = (options, paths);

    /// <summary>What the container of a slot made now is to have over its /proc and /sys.</summary>
    public IReadOnlyList<ProcBind> Plan(SlotId slot) => ProcPlan.Choose(_options.Now.Sandbox.Proc, ProcPlan.HasLxcfs()) switch
    {
        ProcView.Host => [],
        ProcView.Lxcfs => ProcPlan.WithLxcfs(_paths.Proc(slot)),
        _ => ProcPlan.Generated(_paths.Proc(slot)),
    };

    /// <summary>Makes the files for a slot that is about to be made.</summary>
    /// <returns>Who keeps them up; null: nothing is laid over its /proc and /sys.</returns>
    /// <exception cref="IOException">The files could not be made.</exception>
    public SlotProc? Prepare(SlotId slot, SlotLimits limits, IReadOnlyList<ProcBind> plan) =>
        plan.Count == 0 ? null : SlotProc.Make(_paths.Proc(slot), limits, _cpus.Available, _host);

    /// <summary>The files of a slot that an earlier run of the daemon made; null: it has none.</summary>
    public SlotProc? Find(SlotId slot) => SlotProc.Find(_paths.Proc(slot), _host);

    /// <summary>Lets the slot's commands run on as many CPUs as a limit needs. Where the kernel refuses, they run on all, and are told so.</summary>
    public void Bind(Slot slot, double? cpus)
    {
        // The call takes a number; that of a process that has ended may be another's by now.
        if (!slot.IsProcessAlive)
        {
            return;
        }

        try
        {
            // A command that is born into another cpuset takes that one's CPUs and not its parent's (cpuset_fork since Linux 6.4, and in 6.1 too), and the
            // container runtime gives PID 1 and the commands a cpuset each where it can. So theirs in common is set first.
            CpuSet chosen = _cpus.Next(cpus);
            slot.Group.SetCpus(chosen);
            chosen.BindProcess(slot.ProcessId);
        }
        catch (Exception e) when (e is KernelException { Errno: Errno.EPERM or Errno.ESRCH or Errno.EINVAL } or KernelFileException)
        {
            // The CPU limit itself holds without it.
        }
    }
}
