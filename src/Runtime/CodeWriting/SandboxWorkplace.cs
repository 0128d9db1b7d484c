using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.CodeWriting;

/// <inheritdoc cref="IWorkplace"/>
/// <param name="entry">The sandbox.</param>
/// <param name="execs">Runs the programs, as the sandbox's user and under its limits.</param>
/// <param name="budget">What all of them may take.</param>
/// <param name="kept">Bytes of each stream to read.</param>
internal sealed class SandboxWorkplace(SandboxEntry entry, Execs execs, TimeBudget budget, int kept) : IWorkplace
{
    private const int MostText = 1 << 20;

    // A program that does not end when it is asked to has this long; the caller waits no longer than he was told.
    private static readonly TimeSpan Courtesy = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public bool Exists(string path) => Look(root =>
    {
        _ = TreeArchives.Stat(root, path);
        return (bool?)true;
    }) ?? false;

    /// <inheritdoc/>
    public string? ReadText(string path) => Look(root =>
    {
        using SafeFileHandle file = TreeFile.OpenRead(root, path, out FileStatus status);
        byte[] text = new byte[Math.Min(status.Size, MostText)];
        return Encoding.UTF8.GetString(text, 0, RandomAccess.Read(file, text, 0));
    });

    /// <inheritdoc/>
    public async Task<ToolRun> RunAsync(ToolCommand command)
    {
        if (budget.Remaining == TimeSpan.Zero)
        {
            return new ToolRun(ToolEnd.TimedOut);
        }

        ExecId id;
        try
        {
            id = (await execs.StartAsync(
                entry.Id,
                new ExecSpec
                {
                    Argv = [command.Program, .. command.Arguments], Cwd = command.Directory, Env = ToolCommand.Environment,
                    Timeout = budget.Remaining, Origin = ExecOrigin.CodeWrite, GetsSecrets = false,
                },
                CancellationToken.None)).Id;
        }
        catch (RuntimeException e) when (e.Kind != ErrorKind.NotFound)
        {
            // The file is written: the answer is about that.
            return new ToolRun(ToolEnd.NotStarted, e.Message);
        }

        bool inTime = (await execs.WaitAsync(id, budget.Remaining, CancellationToken.None)).Exec.IsFinal;
        bool stopped = !inTime && execs.IsStopping;
        Exec exec = inTime ? execs.Read(id).Exec : await EndAsync(id);
        if (entry.IsDeleted)
        {
            throw RuntimeException.NoSandbox(entry.Id);
        }

        (ToolEnd end, string? reason) = stopped ? (ToolEnd.NotStarted, "the daemon is shutting down; the check was ended")
            : exec.IsFinal ? Judge(exec, command.Program)
            : (ToolEnd.TimedOut, null);
        return end is ToolEnd.Missing or ToolEnd.NotStarted
            ? new ToolRun(end, reason)
            : new ToolRun(end, reason) { Stdout = Read(id, ExecStream.Stdout), Stderr = Read(id, ExecStream.Stderr) };
    }

    /// <summary>What the end of an exec says about the program.</summary>
    internal static (ToolEnd End, string? Reason) Judge(Exec exec, string program) => exec switch
    {
        { Status: ExecStatus.Succeeded } => (ToolEnd.Succeeded, null),
        { TimedOut: true } => (ToolEnd.TimedOut, null),
        { Status: ExecStatus.Cancelled } => (ToolEnd.Failed, "it was cancelled"),
        _ when exec.Error == ExecEnd.NotStarted(StartFailure.NoProgram(program)).Error => (ToolEnd.Missing, null),
        _ when exec.Error?.StartsWith(ExecEnd.NotStarted("").Error!, StringComparison.Ordinal) is true => (ToolEnd.NotStarted, exec.Error),
        { Oom: { } oom } => (ToolEnd.Failed, oom.Advice),
        { Disk: { } disk } => (ToolEnd.Failed, disk.Advice),
        _ => (ToolEnd.Failed, exec.Error == ExecEnd.Decide(ExecEndCause.Itself, exec.ExitCode << 8, null).Error ? null : exec.Error),
    };

    private async Task<Exec> EndAsync(ExecId id)
    {
        execs.EndForTime(id);
        ExecResult result = await execs.WaitAsync(id, Courtesy, CancellationToken.None);
        if (!result.Exec.IsFinal)
        {
            execs.Kill(id);
            result = await execs.WaitAsync(id, KillLimit, CancellationToken.None);
        }

        return result.Exec;
    }

    private ToolOutput Read(ExecId id, ExecStream stream)
    {
        OutputPiece piece = execs.ReadOutput(id, stream, 0, kept);
        return new ToolOutput(piece.Data, piece.TotalBytes);
    }

    // What cannot be looked at, because it or the sandbox is gone by now, is not there.
    private T? Look<T>(Func<SafeFileHandle, T> look)
    {
        Slot? slot = entry.Slot;
        using IDisposable? use = slot?.Users.TryEnter();
        if (use is null || slot?.Tree is not SafeFileHandle root)
        {
            return default;
        }

        try
        {
            return look(root);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            return default;
        }
    }
}
