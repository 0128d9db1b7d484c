using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sleigh.Cgroups;
using Sleigh.Linux;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// The hold of one daemon on the cgroup of all its sandboxes: another installation with the same <c>cgroup.subtree</c> would take their slots for
/// strays of its own. It goes with the process, however that ends.
/// </summary>
internal sealed class SubtreeLock : IDisposable
{
    private readonly SafeFileHandle _directory;

    private SubtreeLock(SafeFileHandle directory) => _directory = directory;

    /// <summary>Takes it on a cgroup that is there.</summary>
    /// <param name="hierarchy">The host's cgroups.</param>
    /// <param name="subtree"><c>cgroup.subtree</c>.</param>
    /// <exception cref="StartException">Another daemon has it, or the kernel refused.</exception>
    public static SubtreeLock Take(CgroupHierarchy hierarchy, string subtree)
    {
        SafeFileHandle? directory = null;
        try
        {
            directory = Files.Open(hierarchy.Absolute(subtree), OpenFlags.ReadOnly | OpenFlags.Directory);
            if (FileLock.TryTake(directory))
            {
                (SubtreeLock held, directory) = (new SubtreeLock(directory), null);
                return held;
            }

            string holder = FileLock.HolderOf(directory) is int id ? string.Create(CultureInfo.InvariantCulture, $" (process {id})") : "";
            throw new StartException(
                StartFailureKind.AlreadyRunning,
                $"cgroup.subtree {subtree} is in use by another sleighd{holder}, with another data_dir; stop that one, or choose another cgroup.subtree");
        }
        catch (KernelException e)
        {
            throw new StartException(StartFailureKind.Host, $"cgroup.subtree {subtree} cannot be held: {e.Message}", e);
        }
        finally
        {
            directory?.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _directory.Dispose();
}
