namespace Sleigh.Runtime.Options;

/// <summary>Section <c>exec</c>: commands in sandboxes.</summary>
public sealed record ExecOptions
{
    /// <summary>Key <c>exec.max_wait_seconds</c>: longest wait a call may ask for.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Key <c>exec.default_timeout_seconds</c>: time limit of a command that names none; null (written 0): none.</summary>
    public TimeSpan? DefaultTimeout { get; init; }

    /// <summary>Key <c>exec.kill_grace_seconds</c>: time between SIGTERM and SIGKILL.</summary>
    public TimeSpan KillGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Key <c>exec.spool_max_bytes</c>: output kept of each stream of a command.</summary>
    public long SpoolMaxBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Key <c>exec.max_running_per_sandbox</c>: commands that may run at once in a sandbox.</summary>
    public int MaxRunningPerSandbox { get; init; } = 64;

    /// <summary>Key <c>exec.history_days</c>: how long the record and output of a command are kept.</summary>
    public TimeSpan History { get; init; } = TimeSpan.FromDays(14);
}
