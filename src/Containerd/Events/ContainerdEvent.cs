namespace Sleigh.Containerd;

/// <summary>Something that happened in containerd.</summary>
public abstract record ContainerdEvent(DateTimeOffset At)
{
    /// <summary>
    /// Events may have been missed before this point (the first item of a stream, and after each lost connection): list what you
    /// follow now. Everything that happens from here on will be told.
    /// </summary>
    /// <param name="At">When the stream was known to be open.</param>
    /// <param name="Reason">Why, for the log.</param>
    public sealed record Gap(DateTimeOffset At, string Reason) : ContainerdEvent(At);

    /// <summary>A container's own process was started.</summary>
    public sealed record TaskStarted(DateTimeOffset At, string ContainerId, int Pid) : ContainerdEvent(At);

    /// <summary>A process ended: the container's own where <c>ExecId</c> is "".</summary>
    public sealed record TaskExited(
        DateTimeOffset At, string ContainerId, string ExecId, int Pid, int ExitStatus, DateTimeOffset ExitedAt) : ContainerdEvent(At);

    /// <summary>The kernel killed something in the container for want of memory.</summary>
    public sealed record TaskOutOfMemory(DateTimeOffset At, string ContainerId) : ContainerdEvent(At);

    /// <summary>A task or exec was removed.</summary>
    public sealed record TaskDeleted(
        DateTimeOffset At, string ContainerId, string ExecId, int Pid, int ExitStatus, DateTimeOffset ExitedAt) : ContainerdEvent(At);

    /// <summary>A container record was removed.</summary>
    public sealed record ContainerDeleted(DateTimeOffset At, string ContainerId) : ContainerdEvent(At);

    /// <summary>An image name points elsewhere.</summary>
    public sealed record ImageUpdated(DateTimeOffset At, string Name) : ContainerdEvent(At);

    /// <summary>An image record was removed.</summary>
    public sealed record ImageDeleted(DateTimeOffset At, string Name) : ContainerdEvent(At);

    /// <summary>Any other event.</summary>
    public sealed record Other(DateTimeOffset At, string Topic) : ContainerdEvent(At);
}
