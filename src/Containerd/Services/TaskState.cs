namespace Sleigh.Containerd;

/// <summary>Where a process of a container is in its life.</summary>
public enum ContainerTaskStatus
{
    /// <summary>containerd did not say.</summary>
    Unknown,

    /// <summary>Made, but not started.</summary>
    Created,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Ended.</summary>
    Stopped,

    /// <summary>Frozen.</summary>
    Paused,

    /// <summary>About to be frozen.</summary>
    Pausing,
}

/// <summary>A process of a container.</summary>
/// <param name="ContainerId">The container; containerd gives the container's id for execs too.</param>
/// <param name="Status">Where it is in its life.</param>
/// <param name="Pid">The host's pid.</param>
/// <param name="ExitStatus">The exit status once stopped; 128 + signal number where a signal ended it.</param>
/// <param name="ExitedAt">When it ended.</param>
public sealed record TaskState(string ContainerId, ContainerTaskStatus Status, int Pid, int ExitStatus, DateTimeOffset ExitedAt);

/// <summary>How a process of a container ended.</summary>
/// <param name="ExitStatus">128 + signal number where a signal ended it.</param>
/// <param name="ExitedAt">When.</param>
public sealed record TaskExit(int ExitStatus, DateTimeOffset ExitedAt);

/// <summary>
/// Where a process's standard input and output go: paths of FIFOs. The shim of containerd 1.6 wants standard output and standard
/// error both or neither, and crashes on the URI <c>file:///…</c> for an exec.
/// </summary>
public sealed record TaskIo(string Stdin = "", string Stdout = "", string Stderr = "", bool Terminal = false);
