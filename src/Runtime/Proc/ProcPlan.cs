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

    // What it does better: computed at each read. Its view of CPUs follows cpusets, or whole cores of a quota where it is started so, and not the
    // affinity that commands are given; with those its cpuinfo and nproc would contradict each other (seen with 5.0.3).
    private static readonly string[] OfLxcfs = ["/proc/meminfo", "/proc/swaps"];

    /// <summary>All places that may be covered.</summary>
    public static IEnumerable<string> Targets { get; } = [.. Written.Select(file => file.Target)];

    /// <summary>What is done for a setting on this host.</summary>
    public static ProcView Choose(ProcView wanted, bool hasLxcfs) => wanted == ProcView.Lxcfs && !hasLxcfs ? ProcView.Generated : wanted;

    /// <summary>Whether lxcfs serves its files at a place.</summary>
    public static bool HasLxcfs(string root = LxcfsRoot) => File.Exists(root + "/proc/meminfo");

    /// <summary>The files of a slot's own directory, and those of lxcfs in place of theirs.</summary>
    public static IReadOnlyList<ProcBind> WithLxcfs(string directory, string root = LxcfsRoot) =>
        [.. Generated(directory).Select(bind => OfLxcfs.Contains(bind.Target) && File.Exists(root + bind.Target) ? bind with { Source = root + bind.Target } : bind)];

    /// <summary>The files of a slot's own directory, where the kernel has something to be covered.</summary>
    public static IReadOnlyList<ProcBind> Generated(string directory) =>
        [.. Written.Where(file => File.Exists(file.Target)).Select(file => new ProcBind(Path.Combine(directory, file.Name), file.Target))];
}
