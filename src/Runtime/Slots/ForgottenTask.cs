using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
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

    // The shim of a task that was given up may come up only after a look for it.
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);

    // Where containerd's runc shim has the OCI runtime keep its state (shim option root, when it is not set), by namespace.
    private const string RuntimeState = "/run/containerd/runc/sleigh";

    // A shim's own is some 150 bytes.
    private const int LongestCommandLine = 4096;

    /// <summary>Ends the shim and the processes, and removes the cgroups and the runtime's state. Nothing happens when all is gone.</summary>
    /// <param name="container">The container's id.</param>
    /// <param name="hierarchy">The host's cgroups.</param>
    /// <param name="cgroup">The path that the container runtime was given, from the root of each hierarchy.</param>
    /// <param name="timeout">How long processes may take to end, and how long new ones may come up.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="TimeoutException">There is always something again.</exception>
    public static async Task RemoveAsync(
        string container, CgroupHierarchy hierarchy, string cgroup, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        for (bool wasClean = false; ;)
        {
            bool found = await RemoveOnceAsync(container, hierarchy, cgroup, timeout, cancellationToken);
            if (!found && wasClean)
            {
                return;
            }

            if (found && Stopwatch.GetElapsedTime(begin) > timeout)
            {
                throw new TimeoutException(string.Create(
                    CultureInfo.InvariantCulture, $"a shim, cgroup or state of {container} is still there, or again, after {timeout.TotalSeconds:F0} s"));
            }

            wasClean = !found;
            await Task.Delay(Again, cancellationToken);
        }
    }

    /// <summary>The shims of our namespace that run, each with its container and the socket of the containerd that it serves.</summary>
    public static IEnumerable<(string Container, string Socket)> Shims()
    {
        foreach (string folder in Processes())
        {
            string[] arguments = ShimArguments(folder);
            if (Option(arguments, "-namespace") == "sleigh" && Option(arguments, "-address") is string socket && Option(arguments, "-id") is string id)
            {
                yield return (id, socket);
            }
        }
    }

    // Whether there was anything.
    private static async Task<bool> RemoveOnceAsync(
        string container, CgroupHierarchy hierarchy, string cgroup, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ProcessHandle[] shims = [.. FindShims(container)];
        bool found = shims.Length > 0;
        try
        {
            // The shim first: it could still be about to start the process.
            Array.ForEach(shims, shim => shim.TrySignal(Sigkill));
            if (Cgroup.TryOpen(hierarchy.Absolute(cgroup)) is Cgroup init)
            {
                await init.KillAsync(timeout, cancellationToken);
                await init.RemoveAsync(timeout, cancellationToken);
                found = true;
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
                found |= group.TryRemove();
            }
        }

        string state = Path.Combine(RuntimeState, container);
        if (Directory.Exists(state))
        {
            Directory.Delete(state, recursive: true);
            found = true;
        }

        return found;
    }

    private static IEnumerable<ProcessHandle> FindShims(string container)
    {
        foreach (string folder in Processes())
        {
            if (IsShimOf(folder, container) && TryOpen(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)) is ProcessHandle process)
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

    // Those of our own namespace: what a process of a sandbox calls itself must not reach us, and its command line may be as long as its memory.
    private static IEnumerable<string> Processes()
    {
        string? own = Namespace("/proc/self");
        return Directory.EnumerateDirectories("/proc")
            .Where(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out _) && Namespace(folder) == own);
    }

    // Null: the process is gone.
    private static string? Namespace(string processFolder)
    {
        try
        {
            return new FileInfo(Path.Combine(processFolder, "ns/pid")).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsShimOf(string processFolder, string container) => Option(ShimArguments(processFolder), "-id") == container;

    // Empty when it is no shim.
    private static string[] ShimArguments(string processFolder)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(Path.Combine(processFolder, "cmdline"));
            byte[] text = new byte[LongestCommandLine];
            string[] arguments = Encoding.UTF8.GetString(text, 0, RandomAccess.Read(file, text, 0)).Split('\0');
            return Path.GetFileName(arguments[0]).StartsWith("containerd-shim", StringComparison.Ordinal) ? arguments : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? Option(string[] arguments, string name) =>
        Array.IndexOf(arguments, name) is > 0 and int at && at + 1 < arguments.Length ? arguments[at + 1] : null;

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
