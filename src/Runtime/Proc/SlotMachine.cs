using Sleigh.Linux;
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

    /// <summary>Makes the files for a slot that is about to be made, where there are to be any of our own.</summary>
    /// <returns>What the container is to have over its /proc and /sys, and who keeps it up.</returns>
    /// <exception cref="IOException">The files could not be made.</exception>
    public (IReadOnlyList<ProcBind> Binds, SlotProc? Files) Prepare(SlotId slot, SlotLimits limits)
    {
        ProcView view = ProcPlan.Choose(_options.Now.Sandbox.Proc, ProcPlan.HasLxcfs());
        if (view == ProcView.Host)
        {
            return ([], null);
        }

        string directory = _paths.Proc(slot);
        SlotProc files = SlotProc.Make(directory, limits, _cpus.Available, _host);
        return (view == ProcView.Lxcfs ? ProcPlan.WithLxcfs(directory) : ProcPlan.Generated(directory), files);
    }

    /// <summary>The files of a slot that an earlier run of the daemon made; null: it has none.</summary>
    public SlotProc? Find(SlotId slot) => SlotProc.Find(_paths.Proc(slot), _host);

    /// <summary>Lets the slot's commands run on as many CPUs as a limit needs. Where the kernel refuses, they run on all, and are told so.</summary>
    public void Bind(Slot slot, double? cpus)
    {
        try
        {
            _cpus.Next(cpus).BindProcess(slot.ProcessId);
        }
        catch (KernelException e) when (e.Errno is Errno.EPERM or Errno.ESRCH or Errno.EINVAL)
        {
            // The CPU limit itself holds without it.
        }
    }
}
