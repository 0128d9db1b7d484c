using Sleigh.Cgroups;
using Sleigh.Linux.Bpf;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// The devices that a sandbox can open. The container runtime limits them for PID 1 alone: its filter is on PID 1's cgroup, and
/// commands run in cgroups beside that one. On a host with the version 1 <c>devices</c> controller they inherit PID 1's limit there;
/// everywhere else the filter on the whole slot, made here, is what keeps root inside off the host's disks.
/// </summary>
internal sealed class SlotDevices
{
    // null, zero, full, random, urandom, tty, ptmx, and the terminals of devpts: what the container runtime allows too.
    private static readonly CharacterDevice[] Allowed =
        [new(1, 3), new(1, 5), new(1, 7), new(1, 8), new(1, 9), new(5, 0), new(5, 2), new(136, null)];

    private readonly bool _isNeeded;
    private readonly Lock _loading = new();

    // Lives as long as the process: the kernel wants the program each time a slot is made.
    private DeviceFilter? _filter;

    public SlotDevices(CgroupHierarchy hierarchy) => _isNeeded = !hierarchy.Mounts.Version1.ContainsKey("devices");

    /// <summary>Limits a slot's devices; nothing may run in it before.</summary>
    /// <exception cref="Linux.KernelException">The kernel refused; the slot must not be used.</exception>
    public void Limit(Cgroup slot)
    {
        if (_isNeeded)
        {
            slot.FilterDevices(Filter());
        }
    }

    // One that could not be loaded is loaded for the next slot.
    private DeviceFilter Filter()
    {
        lock (_loading)
        {
            return _filter ??= DeviceFilter.Load(Allowed);
        }
    }
}
