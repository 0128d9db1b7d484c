using Sleigh.Runtime.Init;

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

    /// <summary>As <see cref="ReadOutput"/>, and beyond what is stored too, as long as the last 64 KiB still hold it.</summary>
    /// <returns>A piece that begins behind the offset asked for says that what lay between is gone.</returns>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/> after retention.</exception>
    OutputPiece ReadLive(ExecId id, ExecStream stream, long offset, int limit);

    /// <summary>Begins to follow an exec: watch first, then read, and no change is missed. Nothing is watched of one that is final.</summary>
    /// <exception cref="IOException">The kernel has no room for more watches.</exception>
    ExecChanges Watch(ExecId id);

    /// <summary>Writes to live input. It waits, without a thread and without keeping more than this piece, until the command has read.</summary>
    /// <returns>False when the exec takes no (more) input: none was asked for, it was ended, or nobody reads it.</returns>
    /// <exception cref="IOException">The kernel refused.</exception>
    Task<bool> WriteInputAsync(ExecId id, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Ends live input behind what was written. A terminal gets the byte 4, which ends one read of its program.</summary>
    /// <exception cref="IOException">PID 1 of the sandbox did not answer; the end is kept and told later.</exception>
    Task EndInputAsync(ExecId id, CancellationToken cancellationToken);

    /// <summary>Gives the terminal another size, which its program is told by SIGWINCH. Without a terminal it does nothing.</summary>
    /// <exception cref="IOException">PID 1 of the sandbox did not answer.</exception>
    Task ResizeAsync(ExecId id, TerminalSize size, CancellationToken cancellationToken);

    /// <summary>Sends a signal, 1 to 64, to the process group of the main process; of an exec that has ended it does nothing.</summary>
    /// <exception cref="IOException">PID 1 of the sandbox did not answer.</exception>
    Task SignalAsync(ExecId id, int signal, CancellationToken cancellationToken);

    /// <summary>Execs as they are now, newest first, also of deleted sandboxes.</summary>
    /// <param name="session">Only of this session.</param>
    /// <param name="sandbox">Only of this sandbox.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="before">Only what comes behind it.</param>
    IReadOnlyList<Exec> List(SessionId? session, SandboxId? sandbox, int limit, ExecMark? before);

    /// <summary>An exec with its output tails; they are empty once its output is gone.</summary>
    ExecResult WithOutput(Exec exec);

    /// <summary>Commands running now, in one sandbox or in all.</summary>
    int CountRunning(SandboxId? sandbox);

    /// <summary>Commands running now, by sandbox; a sandbox without any is not in it.</summary>
    IReadOnlyDictionary<SandboxId, int> CountRunning();
}
