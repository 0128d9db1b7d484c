using Sleigh.Runtime.Proc;

namespace Sleigh.Runtime.Slots;

/// <summary>What a slot's container is made of. It is independent of any image.</summary>
internal sealed record SlotSpec
{
    /// <summary>The shared, read-only skeleton root on the host.</summary>
    public required string SkeletonDirectory { get; init; }

    /// <summary>Host directory bound to /run/sleigh; sleigh-init makes its socket there.</summary>
    public required string HostDirectory { get; init; }

    /// <summary>cgroup path of PID 1, from the root of the hierarchy, such as <c>/sleigh/slot-0123456789ab/init</c>.</summary>
    public required string CgroupsPath { get; init; }

    /// <summary>Capabilities that commands may have, such as <c>CAP_CHOWN</c>.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>The most open files of a process, where the daemon itself may have as many.</summary>
    public long OpenFiles { get; init; } = OpenFilesLimit.Hard;

    /// <summary>Files laid over those of /proc and /sys.</summary>
    public IReadOnlyList<ProcBind> Proc { get; init; } = [];

    /// <summary>The file of the network namespace; null: the container runtime makes one with loopback alone, or it has the host's.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>Whether it has no network namespace of its own.</summary>
    public bool SharesHostNetwork { get; init; }

    /// <summary>The file of the user namespace of <see cref="SandboxUsers.Range"/>; null: the host's users.</summary>
    public string? UserNamespace { get; init; }

    /// <summary>sleigh-init takes its limit of open files itself, since the container runtime may not give it (<see cref="OpenFilesLimit.MayBeGivenInNamespaces"/>).</summary>
    public bool OpenFilesByInit { get; init; }

    /// <summary>Limits that the container runtime itself has to set; null where Sleigh writes them to cgroup v2.</summary>
    public SlotLimits? RuntimeLimits { get; init; }
}
