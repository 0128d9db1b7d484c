using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Proc;

/// <summary>Which files tell a sandbox of its machine, and where they come from.</summary>
internal static class ProcPlan
{
    /// <summary>Where Debian's lxcfs is mounted.</summary>
    public const string LxcfsRoot = "/var/lib/lxcfs";

    /// <summary>The files that the daemon writes: name beside the slot, place inside.</summary>
    /// <remarks>
    /// Not /proc/uptime: the start of every process in /proc/PID/stat is counted from the host's boot, so that with another uptime ps and top would
    /// compute nonsense; and a file that stands still between two writings would stop their clocks.
    /// </remarks>
    public static IReadOnlyList<(string Name, string Target)> Written { get; } =
    [
        ("meminfo", "/proc/meminfo"), ("cpuinfo", "/proc/cpuinfo"), ("stat", "/proc/stat"), ("loadavg", "/proc/loadavg"), ("swaps", "/proc/swaps"),
        ("online", "/sys/devices/system/cpu/online"),
    ];

    private static readonly string[] OfLxcfs =
    [
        "/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime", "/sys/devices/system/cpu/online",
    ];

    /// <summary>All places that may be covered.</summary>
    public static IEnumerable<string> Targets { get; } = [.. Written.Select(file => file.Target).Union(OfLxcfs)];

    /// <summary>What is done for a setting on this host.</summary>
    /// <param name="wanted">The setting.</param>
    /// <param name="limitsOnPid1">
    /// PID 1 and the commands are in one memory group, the one with the limit, as with version 1. lxcfs looks at the group of PID 1; with version 2
    /// that is a leaf beside the commands, in which nothing of theirs is counted.
    /// </param>
    /// <param name="hasLxcfs">It is mounted.</param>
    public static ProcView Choose(ProcView wanted, bool limitsOnPid1, bool hasLxcfs) => wanted switch
    {
        ProcView.Host => ProcView.Host,
        ProcView.Lxcfs when hasLxcfs => ProcView.Lxcfs,
        ProcView.Auto when hasLxcfs && limitsOnPid1 => ProcView.Lxcfs,
        _ => ProcView.Generated,
    };

    /// <summary>Whether lxcfs serves its files at a place.</summary>
    public static bool HasLxcfs(string root = LxcfsRoot) => File.Exists(root + "/proc/meminfo");

    /// <summary>The files of lxcfs that there are.</summary>
    public static IReadOnlyList<ProcBind> Lxcfs(string root = LxcfsRoot) =>
        [.. OfLxcfs.Where(target => File.Exists(root + target) && File.Exists(target)).Select(target => new ProcBind(root + target, target))];

    /// <summary>The files of a slot's own directory, where the kernel has something to be covered.</summary>
    public static IReadOnlyList<ProcBind> Generated(string directory) =>
        [.. Written.Where(file => File.Exists(file.Target)).Select(file => new ProcBind(Path.Combine(directory, file.Name), file.Target))];
}
