namespace Sleigh.Benchmarks.Host;

/// <summary>Where the programs and the data of a run are; scripts/bench.sh says so.</summary>
internal sealed record BenchPaths
{
    /// <summary>The daemon to measure.</summary>
    public required string Sleighd { get; init; }

    /// <summary>Its configuration.</summary>
    public required string Config { get; init; }

    /// <summary>The same keys as in the configuration.</summary>
    public required string DataDir { get; init; }

    /// <summary>The same keys as in the configuration.</summary>
    public required string StateDir { get; init; }

    /// <summary>The same keys as in the configuration.</summary>
    public required string Subtree { get; init; }

    /// <summary>The file that its log is added to.</summary>
    public required string DaemonLog { get; init; }

    /// <summary>The image of Sleigh's sandboxes.</summary>
    public required string Image { get; init; }

    /// <summary>What is measured.</summary>
    public string Commit { get; init; } = "?";

    /// <summary>The program; empty: Docker is not measured.</summary>
    public string Dockerd { get; init; } = "";

    /// <summary>Why it is not measured.</summary>
    public string WithoutDocker { get; init; } = "";

    /// <summary>The program of Docker's own containerd.</summary>
    public string Containerd { get; init; } = "containerd";

    /// <summary>Docker's data.</summary>
    public string DockerHome { get; init; } = "";

    /// <summary>Docker's sockets and state; short, as sockets lie in it.</summary>
    public string DockerRun { get; init; } = "";

    /// <summary>The cgroup of Docker's containers.</summary>
    public string DockerCgroup { get; init; } = "";

    /// <summary>The same image as an archive, for Docker to load.</summary>
    public string ImageArchive { get; init; } = "";

    /// <summary>Its name in Docker.</summary>
    public string DockerImage => Image;

    /// <summary>The daemon's socket.</summary>
    public string Socket => Path.Combine(StateDir, "sleigh.sock");
}
