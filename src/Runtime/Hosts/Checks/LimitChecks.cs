using System.Globalization;
using Sleigh.Cgroups;

namespace Sleigh.Runtime.Checks;

/// <summary>Limits of the kernel that bound how many sandboxes there can be, each with that number.</summary>
internal static class LimitChecks
{
    // Measured with 22 parked containers: 5 descriptors in sleighd, 12 threads (11 of the shim, sleigh-init) each. A watch on its memory
    // takes 2 more (MemoryWatch). The rest is room for a file tree and a few commands.
    private const int DescriptorsEach = 14;
    private const int ThreadsEach = 24;

    /// <summary>As many as memory allows, but this many at least are no reason to warn.</summary>
    private const int Plenty = 1000;

    private const long MegabytesEach = 16;

    internal const string OpenFiles = "open files";

    private static readonly string[] NamespaceKinds = ["mnt", "pid", "net", "ipc", "uts"];

    public static IEnumerable<HostCheck> List(string subtree) =>
    [
        new(OpenFiles, FilesNow),
        new("processes", () => Processes(
            HostText.NumberOf("/proc/sys/kernel/pid_max"), HostText.NumberOf("/proc/sys/kernel/threads-max"),
            CgroupHierarchy.Detect() is { Mounts.Root: not null } hierarchy ? HostText.NumberOf(Path.Combine(hierarchy.Absolute(subtree), "pids.max")) : null, Wanted())),
        new("inotify", () => Inotify(
            HostText.NumberOf("/proc/sys/fs/inotify/max_user_instances"), HostText.NumberOf("/proc/sys/fs/inotify/max_user_watches"),
            CgroupHierarchy.Detect().Mode == CgroupMode.Unified, Wanted())),
        new("namespaces", () => Namespaces(
            [.. NamespaceKinds.Select(kind => (kind, HostText.NumberOf($"/proc/sys/user/max_{kind}_namespaces")))], Wanted())),
        new("keys", () => Keys(HostText.NumberOf("/proc/sys/kernel/keys/root_maxkeys"), Wanted())),
    ];

    /// <summary>How many sandboxes the memory of a host can hold, when each does next to nothing.</summary>
    internal static long ByMemory(long totalBytes) => Math.Min(Plenty, totalBytes / (MegabytesEach << 20));

    /// <summary>Descriptors of this process.</summary>
    internal static Finding FilesNow() => Files(HostText.Of("/proc/self/limits") ?? "", Wanted());

    internal static Finding Files(string limits, long wanted)
    {
        // Max open files            1024                 1048576              files
        string line = limits.Split('\n').FirstOrDefault(l => l.StartsWith("Max open files", StringComparison.Ordinal))
            ?? throw new FormatException($"no 'Max open files' line in '{limits}'");
        string hard = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[^2];
        return hard == "unlimited"
            ? Finding.Ok("no limit")
            : Judge($"{hard} for this process", long.Parse(hard, CultureInfo.InvariantCulture) / DescriptorsEach, wanted, "systemctl edit sleigh: [Service] LimitNOFILE=1048576");
    }

    /// <param name="pids">Of the whole host.</param>
    /// <param name="threads">Of the whole host.</param>
    /// <param name="tasks">Of the sandboxes' subtree; null: no limit of its own.</param>
    /// <param name="wanted">So many sandboxes.</param>
    internal static Finding Processes(long? pids, long? threads, long? tasks, long wanted)
    {
        (long? limit, string remedy) = new (long? Limit, string Remedy)[]
        {
            (pids, Sysctl("processes", "kernel.pid_max=4194304")), (threads, Sysctl("processes", "kernel.threads-max=1048576")),
            (tasks, "systemctl edit sleigh-sandboxes: [Service] TasksMax=infinity"),
        }.MinBy(l => l.Limit ?? long.MaxValue);
        string own = tasks is null ? "" : $", {tasks} for all sandboxes";
        return Judge($"pid_max {pids}, threads-max {threads}{own}", (limit ?? long.MaxValue) / ThreadsEach, wanted, remedy);
    }

    /// <summary>On cgroup v2 the shim of each container watches memory.events, and all shims are root's.</summary>
    internal static Finding Inotify(long? instances, long? watches, bool unified, long wanted)
    {
        string seen = $"{instances} instances and {watches} watches for each user";
        return unified
            ? Judge(seen, Math.Min(instances ?? long.MaxValue, watches ?? long.MaxValue), wanted, Sysctl("inotify", "fs.inotify.max_user_instances=8192"))
            : Finding.Ok($"{seen}; containers need none without cgroup v2");
    }

    internal static Finding Namespaces(IReadOnlyList<(string Kind, long? Limit)> limits, long wanted)
    {
        (string kind, long? limit) = limits.MinBy(l => l.Limit ?? long.MaxValue);
        return Judge($"at least {limit} of each kind ({kind} is the scarcest)", limit ?? long.MaxValue, wanted, Sysctl("namespaces", $"user.max_{kind}_namespaces=65536"));
    }

    /// <summary>runc makes a session keyring for each container.</summary>
    internal static Finding Keys(long? limit, long wanted) => limit is null
        ? Finding.Ok("the kernel has no keyrings")
        : Judge($"{limit} for root", limit.Value, wanted, Sysctl("keys", "kernel.keys.root_maxkeys=1000000"));

    private static Finding Judge(string seen, long room, long wanted, string remedy)
    {
        string text = room > 100_000 ? $"{seen}: room for more than 100000 sandboxes" : $"{seen}: room for about {room} sandboxes";
        return room < wanted ? Finding.Warn($"{text}, where memory would hold {wanted}", remedy) : Finding.Ok(text);
    }

    private static string Sysctl(string name, string setting) => $"echo {setting} > /etc/sysctl.d/60-sleigh-{name}.conf && sysctl --system";

    private static long Wanted() => ByMemory(MemoryInfo.Read().TotalBytes);
}
