using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <summary>
/// A process's group in a version 1 hierarchy: where a controller is mounted there, version 2 has no figures of it. Read only.
/// </summary>
/// <param name="Path">The directory.</param>
public sealed record LegacyGroup(string Path)
{
    /// <summary>Finds the group of a controller; null when the controller is not in a version 1 hierarchy.</summary>
    /// <param name="mounts">What is mounted.</param>
    /// <param name="processCgroup">Text of <c>/proc/&lt;pid&gt;/cgroup</c>: cgroups(7).</param>
    /// <param name="controller">Such as <c>memory</c>.</param>
    public static LegacyGroup? Find(CgroupMounts mounts, string processCgroup, string controller)
    {
        if (!mounts.Version1.TryGetValue(controller, out string? mountPoint))
        {
            return null;
        }

        foreach (string line in processCgroup.Split('\n'))
        {
            // 4:memory:/some/path; a path may hold colons itself.
            if (line.Split(':', 3) is [_, var controllers, ['/', ..] path] && controllers.Split(',').Contains(controller))
            {
                return new LegacyGroup(mountPoint.TrimEnd('/') + path.TrimEnd('/'));
            }
        }

        return null;
    }

    /// <summary>Memory in use now, page cache included, and the part of it that is no inactive page cache.</summary>
    /// <returns>Null when the group is gone or has no memory controller.</returns>
    public (long Used, long WorkingSet)? ReadMemory()
    {
        using KernelDirectory? directory = KernelDirectory.TryOpen(Path);
        return directory?.TryRead("memory.usage_in_bytes") is { } used
            ? MemoryOf(used, directory.TryRead("memory.stat"), "total_inactive_file")
            : null;
    }

    /// <summary>Reads what its memory consists of; null when the group is gone or has no memory controller.</summary>
    public MemoryShares? ReadMemoryShares() => MemoryShares.TryRead(Path, legacy: true);

    /// <summary>
    /// Processes killed for memory so far, the host's own lack of it included: <c>oom_kill</c> of <c>memory.oom_control</c> (Linux 4.13).
    /// </summary>
    /// <returns>Null when the group is gone, has no memory controller, or the kernel does not count them.</returns>
    /// <exception cref="FormatException">The line is cut off.</exception>
    public long? ReadOomKills()
    {
        using KernelDirectory? directory = KernelDirectory.TryOpen(Path);
        return directory?.TryRead("memory.oom_control") is { } control && control.Contains("oom_kill ", StringComparison.Ordinal)
            ? FlatKeyed.Parse(control)["oom_kill"]
            : null;
    }

    /// <summary>The most memory in use so far (<c>memory.max_usage_in_bytes</c>); null when the group is gone or has no memory controller.</summary>
    public long? ReadMemoryPeak() => ReadBytes("memory.max_usage_in_bytes");

    /// <summary>The limit in force in bytes (<c>memory.limit_in_bytes</c>); null when the group is gone or has no memory controller.</summary>
    public long? ReadMemoryLimit() => ReadBytes("memory.limit_in_bytes");

    /// <summary>Processes and threads in it and below it; null when the group is gone or has no pids controller.</summary>
    public long? ReadPids()
    {
        using KernelDirectory? directory = KernelDirectory.TryOpen(Path);
        return directory?.TryRead("pids.current") is { } count ? LimitValue.Parse(count) : null;
    }

    private long? ReadBytes(string file)
    {
        using KernelDirectory? directory = KernelDirectory.TryOpen(Path);
        return directory?.TryRead(file) is { } bytes ? LimitValue.Parse(bytes) : null;
    }

    internal static (long Used, long WorkingSet) MemoryOf(string usage, string? stat, string inactive)
    {
        long used = LimitValue.Parse(usage) ?? throw new FormatException($"'{usage}' is not a figure of memory");
        long idle = stat is null ? 0 : FlatKeyed.Parse(stat).Find(inactive) ?? 0;
        return (used, Math.Max(0, used - idle));
    }
}
