using System.Globalization;

namespace Sleigh.Runtime;

/// <summary>How an exec ended, in the contract's words.</summary>
internal sealed record ExecEnd(ExecStatus Status, int? ExitCode, string? Error, bool TimedOut)
{
    /// <summary>The rule of endpoint 12 and 14 of the contract.</summary>
    /// <param name="cause">What ended it.</param>
    /// <param name="waitStatus">The status wait(2) gave, null when there is none.</param>
    /// <param name="limit">The time limit, for the text.</param>
    public static ExecEnd Decide(ExecEndCause cause, int? waitStatus, TimeSpan? limit)
    {
        int? code = waitStatus is int status ? ExitCodeOf(status) : null;
        return cause switch
        {
            ExecEndCause.Cancel => new ExecEnd(ExecStatus.Cancelled, code, null, false),
            ExecEndCause.TimeLimit => Failed(code, $"command timed out after {Seconds(limit)}s and was stopped") with { TimedOut = true },
            ExecEndCause.DiskLimit => Failed(code, "command was ended because its sandbox was over its disk limit"),
            ExecEndCause.Delete => Failed(code, "sandbox was deleted while the command was running"),
            ExecEndCause.Rollback => Failed(code, "sandbox was rolled back while the command was running"),
            ExecEndCause.SandboxStopped => Failed(code, "sandbox stopped while the command was running"),
            ExecEndCause.Lost => Failed(null, "exit status was lost while the daemon was down"),
            _ when code is null => Failed(null, "exit status was lost while the daemon was down"),
            _ when code == 0 => new ExecEnd(ExecStatus.Succeeded, 0, null, false),
            _ => Failed(code, $"command exited with status {code}"),
        };
    }

    /// <summary>A command that never became a process.</summary>
    public static ExecEnd NotStarted(string reason) => Failed(null, $"command could not be started: {reason}");

    /// <summary>The shell's convention for a wait(2) status: the exit code, or 128 and the signal's number.</summary>
    public static int ExitCodeOf(int waitStatus) =>
        (waitStatus & 0x7F) == 0 ? (waitStatus >> 8) & 0xFF : 128 + (waitStatus & 0x7F);

    private static ExecEnd Failed(int? code, string error) => new(ExecStatus.Failed, code, error, false);

    private static string Seconds(TimeSpan? limit) =>
        (limit ?? TimeSpan.Zero).TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
