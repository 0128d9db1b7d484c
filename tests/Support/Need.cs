namespace Sleigh.TestSupport;

/// <summary>What a test needs of the host beyond an ordinary user account.</summary>
public enum Need
{
    Root,
    Overlay,
    Btrfs,
    Xfs,
    LoopDevices,
    CgroupV2,
    Containerd,
    Runc,
    InitBinary,
    Mmdebstrap,
    ContainerdProtos,
    Networking,
    DockerRegistry,
    Skopeo,
    PackageTools,
    VirtualMachine,
}
