using Sleigh.Cgroups;
using Sleigh.Linux;
using Sleigh.Overlay;

namespace Sleigh.Runtime.Slots;

/// <summary>What of the host a slot with a user namespace must own, because root inside has power over what belongs to its own users alone.</summary>
internal static class SlotOwners
{
    /// <summary>The directory in which sleigh-init makes its socket. Its parent is closed to all but the host's root.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void GiveDirectory(string directory, TreeOwners owners) => GiveFile(directory, owners);

    /// <summary>A file or FIFO that root inside is to have as its own.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void GiveFile(string path, TreeOwners owners)
    {
        if (owners != default)
        {
            Files.SetOwner(Descriptors.WorkingDirectory, path, owners.Outside(0), owners.Outside(0));
        }
    }

    /// <summary>
    /// clone3(CLONE_INTO_CGROUP) asks whether its caller, sleigh-init, may write to cgroup.procs of the target and of what it and its own cgroup have in
    /// common (Linux, kernel/cgroup: cgroup_attach_permissions). No cgroup file system can be reached from inside, so nobody else gains by it.
    /// </summary>
    /// <exception cref="Linux.KernelFiles.KernelFileException">The kernel refused.</exception>
    public static void GiveCgroup(Cgroup group, TreeOwners owners)
    {
        if (owners != default)
        {
            group.GiveProcesses(owners.Outside(SandboxUsers.Init));
        }
    }

    /// <summary>
    /// On a hybrid host the container runtime puts PID 1 into a cgroup beside the slot's, so that all they have in common would be the root of the hierarchy. Here it
    /// is moved into the slot's own, in version 2 alone.
    /// </summary>
    /// <exception cref="Linux.KernelFiles.KernelFileException">The kernel refused.</exception>
    public static void MoveInit(Slot slot, CgroupMode mode)
    {
        if (slot.Owners != default && mode != CgroupMode.Unified)
        {
            Cgroup.OpenOrCreate(slot.Group, "init").MoveHere(slot.ProcessId);
        }
    }
}
