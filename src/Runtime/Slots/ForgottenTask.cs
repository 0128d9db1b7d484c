using System.Globalization;
using Sleigh.Cgroups;
using Sleigh.Linux;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// What is left of a container that containerd does not know any more: killed, or cut off from its caller, in the midst of making a
/// task, it forgets the task, while the shim has already made the cgroups and a first process that waits to be started.
/// </summary>
internal static class ForgottenTask
{
    private const int Sigkill = 9;

    // Where containerd's runc shim has the OCI runtime keep its state (shim option root, when it is not set), by namespace.
    private const string RuntimeState = "/run/containerd/runc/sleigh";

    /// <summary>Ends the shim and the processes, and removes the cgroups and the runtime's state. Nothing happens when all is gone.</summary>
    /// <param name="container">The container's id.</param>
    /// <param name="hierarchy">The host's cgroups.</param>
    /// <param name="cgroup">The path that the container runtime was given, from the root of each hierarchy.</param>
    /// <param name="timeout">How long processes may take to end.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public static async Task RemoveAsync(
        string container, CgroupHierarchy hierarchy, string cgroup, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ProcessHandle[] shims = [.. FindShims(container)];
        try
        {
            // The shim first: it could still be about to start the process.
            Array.ForEach(shims, shim => shim.TrySignal(Sigkill));
            if (Cgroup.TryOpen(hierarchy.Absolute(cgroup)) is Cgroup init)
            {
                await init.KillAsync(timeout, cancellationToken);
                await init.RemoveAsync(timeout, cancellationToken);
            }
        }
        finally
        {
            Array.ForEach(shims, shim => shim.Dispose());
        }

        foreach (string root in hierarchy.Mounts.Version1.Values.Distinct())
        {
            if (Cgroup.TryOpen(Path.Combine(root, cgroup.TrimStart('/'))) is Cgroup group)
            {
                group.TryRemove();
            }
        }

        string state = Path.Combine(RuntimeState, container);
        if (Directory.Exists(state))
        {
            Directory.Delete(state, recursive: true);
        }
    }

    private static IEnumerable<ProcessHandle> FindShims(string container)
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && IsShimOf(folder, container)
                && TryOpen(id) is ProcessHandle process)
            {
                // The number may have gone to another process meanwhile.
                if (IsShimOf(folder, container))
                {
                    yield return process;
                }
                else
                {
                    process.Dispose();
                }
            }
        }
    }

    private static bool IsShimOf(string processFolder, string container)
    {
        try
        {
            string[] arguments = File.ReadAllText(Path.Combine(processFolder, "cmdline")).Split('\0');
            int id = Array.IndexOf(arguments, "-id");
            return Path.GetFileName(arguments[0]).StartsWith("containerd-shim", StringComparison.Ordinal)
                && id > 0 && id + 1 < arguments.Length && arguments[id + 1] == container;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static ProcessHandle? TryOpen(int id)
    {
        try
        {
            return ProcessHandle.Open(id);
        }
        catch (KernelException e) when (e.Errno is Errno.ESRCH)
        {
            return null;
        }
    }
}
