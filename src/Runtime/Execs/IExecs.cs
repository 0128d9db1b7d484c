namespace Sleigh.Runtime;

/// <summary>Commands in sandboxes. Owner checks are the caller's.</summary>
public interface IExecs
{
    /// <summary>Starts a command; an exited sandbox is started first. A command that could not be started is a failed exec, not an error.</summary>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.QuotaExceeded"/>, <see cref="ErrorKind.SandboxStartFailed"/>, ...
    /// </exception>
    Task<Exec> StartAsync(SandboxId sandbox, ExecSpec spec, CancellationToken cancellationToken);

    /// <summary>Waits for the end, woken by it, at most this long; then gives the exec as it is. The exec goes on when the wait ends.</summary>
    Task<ExecResult> WaitAsync(ExecId id, TimeSpan atMost, CancellationToken cancellationToken);

    /// <summary>The exec as it is now, also of a deleted sandbox; null when there is none.</summary>
    Exec? Find(ExecId id);

    /// <summary>The exec with its output tails.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>.</exception>
    ExecResult Read(ExecId id);

    /// <summary>Asks for the end of all its processes: TERM, then KILL after the grace time. Answers at once.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>.</exception>
    ExecResult Cancel(ExecId id);

    /// <summary>Reads stored output; works while the command runs.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/> after retention.</exception>
    OutputPiece ReadOutput(ExecId id, ExecStream stream, long offset, int limit);

    /// <summary>Commands running now, in one sandbox or in all.</summary>
    int CountRunning(SandboxId? sandbox);
}
