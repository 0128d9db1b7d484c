using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Wire = Sleigh.Containerd.Protos.Runc;

namespace Sleigh.Containerd;

/// <summary>Options of the runtime <c>io.containerd.runc.v2</c>.</summary>
public sealed record RuncOptions
{
    /// <summary>Path or name of the OCI runtime; null for <c>runc</c>.</summary>
    public string? BinaryName { get; init; }

    /// <summary>The directory in which the OCI runtime keeps its state; null for containerd's choice.</summary>
    public string? Root { get; init; }

    /// <summary>The cgroup into which the shim is put; null for containerd's own.</summary>
    public string? ShimCgroup { get; init; }

    /// <summary>Whether cgroups are made by systemd.</summary>
    public bool SystemdCgroup { get; init; }

    internal Any ToWire()
    {
        var options = new Wire.Options
        {
            BinaryName = BinaryName ?? "",
            Root = Root ?? "",
            ShimCgroup = ShimCgroup ?? "",
            SystemdCgroup = SystemdCgroup,
        };

        // containerd's type URLs have no host part.
        return new Any { TypeUrl = "containerd.runc.v1.Options", Value = options.ToByteString() };
    }
}
