using Microsoft.Extensions.Logging;
using Sleigh.Linux.Sqlite;
using Sleigh.Overlay;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <content>What the disk limit had to do with a command's end.</content>
internal sealed partial class Execs
{
    /// <summary>What a live layer holds; set once, before anything starts.</summary>
    public Func<LayerId, LayerUse?> DiskUse { get; set; } = _ => null;

    /// <summary>Told of each command before it starts, but for those that only read: waits until the sandbox's disk limit lets it in, or throws. Set once.</summary>
    public Func<SandboxEntry, CancellationToken, Task> RequireRoom { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Ends all processes of a sandbox that is over its soft disk limit, without a grace time in which they could go on writing.</summary>
    public void EndForDisk(Slot slot)
    {
        DateTimeOffset now = _time.GetUtcNow();
        foreach (RunningExec running in _running.Values.Where(r => r.Slot == slot && r.TryEnd(ExecEndCause.DiskLimit, now)))
        {
            try
            {
                _records.MarkExecEnding(running.Id, running.Row.Exec.Status, ExecEndCause.DiskLimit, now);
            }
            catch (SqliteException e)
            {
                NotRecorded(_logger, running.Id.ToString(), e);
            }
        }

        KillAll(slot);
    }

    private Exec WithDisk(RunningExec running, Exec exec)
    {
        if (exec.ExitCode is null or 0 || running.Sandbox.Record.DiskLimitBytes is null || running.Slot?.Layer is not string layer)
        {
            return exec;
        }

        try
        {
            return exec with { Disk = DiskReport.Of(exec, DiskUse(LayerId.Parse(layer))) };
        }
        catch (IOException e)
        {
            DiskNotRead(_logger, layer, exec.Id.ToString(), e);
            return exec;
        }
    }

    [LoggerMessage(EventId = 1333, EventName = "end-exec", Level = LogLevel.Warning, Message = "Could not read what layer {Layer} holds at the end of {Exec}")]
    private static partial void DiskNotRead(ILogger logger, string layer, string exec, Exception exception);
}
