using System.Runtime.InteropServices;
using Sleigh.Linux;
using Sleigh.Overlay;

namespace Sleigh.Runtime.Checks;

/// <summary>The kernel's version, the calls it must have, and its overlay filesystem.</summary>
internal static class KernelChecks
{
    private static readonly Version Floor = new(6, 1);

    public static IEnumerable<HostCheck> List() =>
    [
        new("kernel", () => Release(HostText.Of("/proc/sys/kernel/osrelease") ?? "", RuntimeInformation.ProcessArchitecture)),
        new("kernel features", () => Features(KernelFeatures.Missing(), HasCgroupKill())),
        new("overlay", () => Overlay(HostText.Of("/proc/filesystems") ?? "", Modules("modules.dep") + Modules("modules.builtin"), Method)),
    ];

    internal static Finding Release(string release, Architecture machine) => HostTool.Number(release) is { } version && version >= Floor
        ? Finding.Ok(release)
        : Finding.Fail($"'{release}'; Sleigh needs Linux {Floor} or later", NewKernel(machine));

    internal static Finding Features(IReadOnlyList<string> missing, bool? cgroupKill)
    {
        string[] all = cgroupKill == false ? [.. missing, "cgroup.kill"] : [.. missing];
        return all.Length == 0
            ? Finding.Ok("clone3, pidfds, openat2 and the mount calls are there" + (cgroupKill is true ? ", cgroup.kill too" : ""))
            : Finding.Fail(
                $"the kernel lacks, or a filter hides, {string.Join(", ", all)}",
                "run sleighd on the host itself, not in a container, with the distribution's own kernel");
    }

    internal static Finding Overlay(string fileSystems, string modules, Func<OverlayMethod?> method)
    {
        bool loaded = HostText.HasFileSystem(fileSystems, "overlay");
        if (!loaded)
        {
            return HostText.ListsModule(modules, "overlay")
                ? Finding.Ok("a module that is loaded when it is needed")
                : Finding.Fail("the kernel has no overlay filesystem", $"modprobe overlay; where that fails, {NewKernel(RuntimeInformation.ProcessArchitecture)}");
        }

        // index, metacopy and redirect_dir are set with each mount, so the host's defaults do not count.
        return Finding.Ok(method() switch
        {
            OverlayMethod.Configured => "there, layers given one by one (lowerdir+)",
            OverlayMethod.OptionText => "there, layers given as one text: at most about 200 for a tree (no lowerdir+ before Linux 6.8)",
            _ => "there",
        });
    }

    /// <summary>How Debian's usual kernel is had.</summary>
    internal static string NewKernel(Architecture machine) => $"apt install linux-image-{(machine == Architecture.Arm64 ? "arm64" : "amd64")}, then reboot";

    /// <summary>What lists modules for the running kernel; empty where there is no such file.</summary>
    internal static string Modules(string file) =>
        HostText.Of($"/lib/modules/{HostText.Of("/proc/sys/kernel/osrelease")}/{file}") is { } text ? text + "\n" : "";

    // fsopen asks for CAP_SYS_ADMIN.
    private static OverlayMethod? Method() => Environment.IsPrivilegedProcess ? OverlaySupport.Probe() : null;

    // The root of the hierarchy alone has no such file.
    private static bool? HasCgroupKill() => Cgroups.CgroupHierarchy.Detect().Mounts.Root is { } root
        && Directory.EnumerateDirectories(root).FirstOrDefault() is { } child
            ? File.Exists(Path.Combine(child, "cgroup.kill"))
            : null;

}
