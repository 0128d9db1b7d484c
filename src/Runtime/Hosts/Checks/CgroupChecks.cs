using Sleigh.Cgroups;
using Sleigh.Linux;

namespace Sleigh.Runtime.Checks;

/// <summary>The layout of the cgroups, which controllers reach the sandboxes, and whether their subtree is left alone by systemd.</summary>
internal static class CgroupChecks
{
    private const string Grub = "GRUB_CMDLINE_LINUX in /etc/default/grub, run update-grub, reboot";

    private static readonly Controllers[] Wanted = [Controllers.Memory, Controllers.Pids, Controllers.Cpu, Controllers.Io];

    public static IEnumerable<HostCheck> List(string subtree) =>
    [
        new("cgroup", () => Layout(CgroupHierarchy.Detect().Mode, CommandLine())),
        new("controllers", () =>
        {
            CgroupHierarchy hierarchy = CgroupHierarchy.Detect();
            return Reach(subtree, hierarchy.ControllersAt(subtree), hierarchy.Mode, CommandLine());
        }),
        new("delegation", () =>
        {
            CgroupHierarchy hierarchy = CgroupHierarchy.Detect();
            string? path = hierarchy.Mounts.Root is null ? null : hierarchy.Absolute(subtree);
            bool exists = path is not null && Directory.Exists(path);
            return Delegation(subtree, exists, HostText.HasSystemd, exists ? Mark(path!) : null);
        }),
        new("cgroup changes", () => Changes(MountInfo.Read())),
    ];

    internal static Finding Layout(CgroupMode mode, string commandLine) => mode switch
    {
        CgroupMode.Unified => Finding.Ok("version 2 alone"),
        CgroupMode.Hybrid => Finding.Warn("version 2 beside version 1, which may hold controllers", Boot(commandLine)),
        _ => Finding.Fail("no cgroup2 filesystem is mounted", Boot(commandLine)),
    };

    internal static Finding Reach(string subtree, Controllers controllers, CgroupMode mode, string commandLine)
    {
        string[] there = [.. Wanted.Where(c => controllers.HasFlag(c)).SelectMany(c => c.Words())];
        string[] missing = [.. Wanted.Where(c => !controllers.HasFlag(c)).SelectMany(c => c.Words())];
        return missing.Length == 0
            ? Finding.Ok($"{string.Join(", ", there)} reach {subtree}")
            : Finding.Warn(
                $"{string.Join(", ", missing)} do not reach {subtree}"
                + (missing.Contains("memory") ? "; limits are set by the container runtime and do not grow" : ""),
                mode != CgroupMode.Unified || Disabled(commandLine) is not null ? Boot(commandLine) : "see delegation: systemd gives all controllers to a unit with Delegate=yes");
    }

    /// <param name="subtree">The path.</param>
    /// <param name="exists">It is there.</param>
    /// <param name="systemd">systemd runs this host.</param>
    /// <param name="mark">What systemd wrote on a delegated cgroup: <c>1</c> in the attribute <c>trusted.delegate</c> or <c>user.delegate</c>.</param>
    internal static Finding Delegation(string subtree, bool exists, bool systemd, string? mark)
    {
        if (!systemd)
        {
            return Finding.Ok(exists ? $"{subtree} is there, and no systemd that could touch it" : "no systemd here; sleighd makes the subtree at its start");
        }

        string remedy = subtree.EndsWith(".service", StringComparison.Ordinal)
            ? $"systemctl start {Path.GetFileName(subtree)}"
            : "set cgroup.subtree to system.slice/sleigh-sandboxes.service, then systemctl start sleigh-sandboxes.service and restart sleigh";
        return !exists ? Finding.Warn($"{subtree} is not there", remedy)
            : mark == "1" ? Finding.Ok($"{subtree} is delegated by systemd")
            : Finding.Warn($"{subtree} is not delegated: systemd may take its controllers away, and counts it among its own", remedy);
    }

    /// <summary>
    /// Whether processes are moved between cgroups without an RCU grace period. With one, which is as long as 1,000 tasks that fork make it, all forks of the
    /// host wait for each new container (mount option <c>favordynmods</c> of cgroup2, Linux 6.0; Documentation/admin-guide/cgroup-v2.rst). It counts for version 1 too.
    /// </summary>
    internal static Finding Changes(IReadOnlyList<MountEntry> mounts) => mounts.FirstOrDefault(m => m.Type == "cgroup2") switch
    {
        null => Finding.Warn("no cgroup2 filesystem is mounted", "see cgroup"),
        { SuperOptions: string options } when options.Split(',').Contains("favordynmods") => Finding.Ok("favoured: a new container holds no other sandbox's commands up"),
        { MountPoint: string path } => Finding.Warn(
            "not favoured: while one sandbox forks without end, each new container can hold the commands of all others up for a second",
            $"mount -o remount,favordynmods {path}, at each boot; all forks of the host cost a little more then"),
    };

    private static string? Mark(string path)
    {
        byte[]? value = ExtendedAttributes.Get(Descriptors.WorkingDirectory, path, "trusted.delegate")
            ?? ExtendedAttributes.Get(Descriptors.WorkingDirectory, path, "user.delegate");
        return value is null ? null : System.Text.Encoding.ASCII.GetString(value);
    }

    private static string CommandLine() => HostText.Of("/proc/cmdline") ?? "";

    // systemd 256 and later take version 1 only with a second word; without either, version 2 is Debian's own choice.
    private static string Boot(string commandLine) => Disabled(commandLine) is { } word
        ? $"take {word} out of {Grub}"
        : $"add systemd.unified_cgroup_hierarchy=1 to {Grub}";

    private static string? Disabled(string commandLine) => commandLine.Split(' ').FirstOrDefault(word =>
        word.StartsWith("cgroup_disable=", StringComparison.Ordinal)
        || (word.StartsWith("systemd.unified_cgroup_hierarchy=", StringComparison.Ordinal) && word.Split('=')[1] is "0" or "no" or "false" or "off")
        || (word.StartsWith("systemd.legacy_systemd_cgroup_controller", StringComparison.Ordinal) && !word.EndsWith("=0", StringComparison.Ordinal)));
}
