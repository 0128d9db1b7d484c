using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>What became of a mount that was to be taken out.</summary>
public enum Detachment
{
    /// <summary>It is out, and what lay on it too.</summary>
    Done,

    /// <summary>It was not there.</summary>
    NotThere,

    /// <summary>Another mount lies over its path, or somebody renamed a directory of it in this moment: nothing was done.</summary>
    Covered,
}

/// <summary>
/// Puts host directories into the tree of a running slot and takes them out. Processes go on: they see it at once, and a file that one
/// has open stays open. What stands in a mount namespace of its own inside the sandbox keeps what it had.
/// </summary>
public sealed class HostMounter
{
    private const int Tries = 10;

    private readonly NamespaceThread _namespaces;

    /// <summary>Makes a mounter; it does not own the thread.</summary>
    public HostMounter(NamespaceThread namespaces) => _namespaces = namespaces;

    /// <summary>The numbers of all mounts in a slot.</summary>
    /// <exception cref="IOException">The slot's process is gone.</exception>
    public static IReadOnlySet<ulong> Numbers(SlotNamespaces slot) => MountInfo.Read(slot.ProcessId).Select(mount => mount.Id).ToHashSet();

    /// <summary>Attaches it, in one step.</summary>
    /// <exception cref="KernelException">The kernel refused; nothing was attached.</exception>
    public void Attach(SlotNamespaces slot, HostMount mount, MountPoint target)
    {
        using var program = new NamespaceProgram();
        program.Attach(mount.Handle, target.Handle, "a host directory");
        _namespaces.Run(slot.Mounts, program);
    }

    /// <summary>
    /// Takes a mount out, with all that lies on it (MNT_DETACH). It is found by its number and where the kernel says that it lies; the
    /// path is only the way to it, and what is opened there must be that very mount.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    /// <exception cref="IOException">The slot's process is gone.</exception>
    public Detachment Detach(SlotNamespaces slot, SafeFileHandle treeRoot, ulong number)
    {
        for (int i = 0; i < Tries; i++)
        {
            if (MountInfo.Read(slot.ProcessId).FirstOrDefault(mount => mount.Id == number) is not MountEntry there)
            {
                return Detachment.NotThere;
            }

            using SafeFileHandle? found = Files.TryOpen(
                treeRoot,
                there.MountPoint,
                OpenFlags.PathOnly | OpenFlags.Directory,
                ResolveFlags.InRoot | ResolveFlags.NoSymlinks | ResolveFlags.NoMagicLinks,
                out _);
            if (found is not null && Files.Stat(found) is { IsMountRoot: true } status && status.MountId == number)
            {
                using var program = new NamespaceProgram();
                program.Detach(found);
                _namespaces.Run(slot.Mounts, program);
                return Detachment.Done;
            }
        }

        return Detachment.Covered;
    }
}
