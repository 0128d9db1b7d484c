using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>Whose containerd is used, and where its socket is.</summary>
/// <param name="IsPrivate">One of our own, started by the daemon.</param>
/// <param name="Socket">Its gRPC socket.</param>
internal readonly record struct ContainerdPlace(bool IsPrivate, string Socket)
{
    /// <summary>What the settings, and in mode auto the files of this host, come to.</summary>
    public static ContainerdPlace Of(SleighOptions options)
    {
        bool isPrivate = options.Containerd.Mode switch
        {
            ContainerdMode.System => false,
            ContainerdMode.Embedded => true,
            // A data directory that began with a private one keeps it: its images and containers are there.
            _ => File.Exists(Path.Combine(Root(options), "config.toml")) || !File.Exists(options.Containerd.Address),
        };
        return new ContainerdPlace(isPrivate, isPrivate ? Path.Combine(State(options), "containerd.sock") : options.Containerd.Address);
    }

    /// <summary>Directory of a private containerd's images and records.</summary>
    public static string Root(SleighOptions options) => Path.Combine(options.DataDir, "containerd");

    /// <summary>Directory of a private containerd's sockets and running containers.</summary>
    public static string State(SleighOptions options) => Path.Combine(options.StateDir, "containerd");
}
