namespace Sleigh.Containerd;

/// <summary>Where a private containerd lives.</summary>
public sealed record ContainerdSupervisorOptions
{
    /// <summary>Directory for images and records; outlives a reboot.</summary>
    public required string Root { get; init; }

    /// <summary>Directory for sockets and running containers; must not outlive a reboot.</summary>
    public required string State { get; init; }

    /// <summary>Path of the program, or its name on PATH.</summary>
    public string Binary { get; init; } = "containerd";

    /// <summary>How long it may take to answer after its start.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long it may take to end before it is killed.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Told one sentence for each start, adoption, death and failed start; for the log.</summary>
    public Action<string> Report { get; init; } = static _ => { };

    /// <summary>The gRPC socket.</summary>
    public string SocketPath => Path.Combine(State, "containerd.sock");

    /// <summary>What containerd prints.</summary>
    public string LogPath => Path.Combine(Root, "containerd.log");

    internal string ConfigPath => Path.Combine(Root, "config.toml");

    internal string PidPath => Path.Combine(State, "containerd.pid");

    internal string LockPath => Path.Combine(Root, "supervisor.lock");
}
