using Microsoft.Extensions.Logging;
using Sleigh.Overlay;

namespace Sleigh.Runtime;

/// <content>What the disk limit had to do with a command's end.</content>
internal sealed partial class Execs
{
    /// <summary>What a live layer holds; set once, before anything starts.</summary>
    public Func<LayerId, LayerUse?> DiskUse { get; set; } = _ => null;

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
