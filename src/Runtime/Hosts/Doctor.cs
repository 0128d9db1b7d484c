using System.Globalization;
using Sleigh.Cgroups;
using Sleigh.Overlay;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>Looks the host over: facts, what they mean for Sleigh, and the command that mends what is amiss. Reads only.</summary>
internal sealed class Doctor
{
    private static readonly Version KernelFloor = new(6, 1);

    private readonly CgroupHierarchy _hierarchy;
    private readonly OverlayMethod _overlay;
    private readonly SleighOptions _options;

    public Doctor(CgroupHierarchy hierarchy, OverlayMethod overlay, SleighOptions options) =>
        (_hierarchy, _overlay, _options) = (hierarchy, overlay, options);

    /// <summary>All checks.</summary>
    /// <param name="containerdVersion">Null while containerd does not answer.</param>
    /// <param name="storage">The layer store.</param>
    public IReadOnlyList<DoctorCheck> Examine(string? containerdVersion, LayerStoreStatus storage) =>
    [
        Kernel(File.ReadAllText("/proc/sys/kernel/osrelease").Trim()),
        Cgroup(),
        Pressure(),
        containerdVersion is null
            ? new DoctorCheck("containerd", "fail", "does not answer", "systemctl status containerd")
            : new DoctorCheck("containerd", "ok", $"version {containerdVersion}", null),
        Runtime(),
        new DoctorCheck("overlay", "ok", $"mounted by {_overlay}", null),
        Storage(storage),
        Memory(),
    ];

    internal static DoctorCheck Kernel(string release)
    {
        string[] parts = release.Split('.', '-');
        bool known = parts.Length >= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int _)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int _);
        bool recent = known && new Version($"{parts[0]}.{parts[1]}") >= KernelFloor;
        return recent
            ? new DoctorCheck("kernel", "ok", release, null)
            : new DoctorCheck("kernel", "fail", $"{release}; Sleigh needs Linux {KernelFloor} or later", "apt install linux-image-amd64, then reboot");
    }

    private DoctorCheck Cgroup() => _hierarchy.CanLimitMemory(_options.Cgroup.Subtree)
        ? new DoctorCheck("cgroup", "ok", "cgroup v2 with the memory controller", null)
        : new DoctorCheck(
            "cgroup", "warn", $"{_hierarchy.Mode}: no memory controller on cgroup v2; limits are set by the container runtime and do not grow",
            "boot with systemd.unified_cgroup_hierarchy=1");

    private static DoctorCheck Pressure() => File.Exists("/proc/pressure/memory")
        ? new DoctorCheck("psi", "ok", "pressure figures are on", null)
        : new DoctorCheck("psi", "warn", "no pressure figures", "boot with psi=1");

    private DoctorCheck Runtime()
    {
        string name = _options.Sandbox.Runtime;
        string? found = (Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin").Split(':')
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        return found is null
            ? new DoctorCheck("runtime", "fail", $"{name} is not installed", $"apt install {name}")
            : new DoctorCheck("runtime", "ok", found, null);
    }

    private static DoctorCheck Storage(LayerStoreStatus storage)
    {
        string seen = $"{storage.Driver.ToString().ToLowerInvariant()} ({storage.Reason}), {storage.FreeBytes >> 20} of {storage.TotalBytes >> 20} MB free";
        return storage.FreeBytes < storage.TotalBytes / 20
            ? new DoctorCheck("storage", "warn", seen, "delete snapshots and sandboxes that are no longer needed")
            : new DoctorCheck("storage", storage.Driver == LayerDriverKind.Copy ? "warn" : "ok", seen,
                storage.Driver == LayerDriverKind.Copy ? "apt install btrfs-progs, or put the data directory on btrfs or XFS" : null);
    }

    private static DoctorCheck Memory()
    {
        MemoryInfo memory = MemoryInfo.Read();
        string seen = $"{memory.AvailableBytes >> 20} of {memory.TotalBytes >> 20} MB available";
        return memory.AvailableRatio < 0.15
            ? new DoctorCheck("memory", "warn", seen, "delete sandboxes that are no longer needed")
            : new DoctorCheck("memory", "ok", seen, null);
    }
}
