using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sleigh.Linux.Sqlite;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Memory;

/// <summary>
/// Keeps and tells what the growth loop decided. Events reach the database behind the loop's back: a limit that is needed does not wait
/// for a disk. What is lost with the daemon is the telling of the last moment; the limits themselves are the kernel's.
/// </summary>
internal sealed partial class MemoryTeller : IAsyncDisposable
{
    private readonly RecordStore _records;
    private readonly ILogger _logger;
    private readonly Channel<EventDraft> _events = Channel.CreateBounded<EventDraft>(new BoundedChannelOptions(4096) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly Task _writing;

    public MemoryTeller(RecordStore records, ILogger logger)
    {
        (_records, _logger) = (records, logger);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>A decision was made and carried out.</summary>
    public void Decided(SandboxEntry entry, MemoryRecord record)
    {
        entry.Memory.Add(record);
        string sandbox = entry.Id.ToString();
        switch (record.Action)
        {
            case MemoryAction.Grown:
                Grew(_logger, sandbox, record.FromMb, record.ToMb, Word(record), record.Reason, record.UsageBytes >> 20, record.DelayUsec / 1000.0);
                break;
            case MemoryAction.Refused:
                Refused(_logger, sandbox, record.FromMb, record.WantedMb ?? 0, Word(record), record.Reason, record.UsageBytes >> 20, record.RoomBytes >> 20);
                break;
            case MemoryAction.GivenBack:
                GaveBack(_logger, sandbox, record.FromMb, record.ToMb, record.Reason);
                break;
            default:
                Squeezed(_logger, sandbox, record.Reason);
                break;
        }

        if (record is { IsGrowth: true, Trigger: { } trigger } && GrowthEntry.Of(record) is GrowthEntry growth)
        {
            MemoryMeters.Growth(trigger, growth.Granted);
            Tell(EventDraft.Of(entry.View, growth));
        }
    }

    /// <summary>A sandbox came near its limit.</summary>
    public void Near(SandboxEntry entry, string sentence) => Tell(EventDraft.NearLimit(entry.View, sentence));

    /// <summary>A sandbox was frozen to save memory, or goes on.</summary>
    public void Paused(SandboxEntry entry, bool paused) => Tell(EventDraft.Of(paused ? EventTypes.SandboxPaused : EventTypes.SandboxResumed, entry.View));

    /// <summary>The kernel killed processes somewhere in a sandbox; results of commands tell their part by themselves.</summary>
    public void Killed(SandboxEntry entry, long processes, long wall)
    {
        MemoryMeters.OomKilled(processes);
        KilledFor(_logger, entry.Id.ToString(), processes, wall >> 20);
    }

    /// <summary>Returns when all that was told is written.</summary>
    public async ValueTask DisposeAsync()
    {
        _events.Writer.TryComplete();
        await _writing;
    }

    private void Tell(EventDraft draft) => _events.Writer.TryWrite(draft);

    private async Task WriteAsync()
    {
        List<EventDraft> batch = [];
        while (await _events.Reader.WaitToReadAsync())
        {
            while (batch.Count < 256 && _events.Reader.TryRead(out EventDraft? draft))
            {
                batch.Add(draft);
            }

            try
            {
                _records.Tell(batch);
            }
            catch (SqliteException e)
            {
                NotTold(_logger, batch.Count, e);
            }

            batch.Clear();
        }
    }

    private static string Word(MemoryRecord record) => record.Trigger?.ToString().ToLowerInvariant() ?? "none";

    [LoggerMessage(EventId = 1802, EventName = "memory", Level = LogLevel.Information, Message = "Grew {Sandbox} from {From} to {To} MB ({Trigger}): {Reason}; {Used} MB in use, {Delay} ms after the kernel's notification")]
    private static partial void Grew(ILogger logger, string sandbox, int from, int to, string trigger, string reason, long used, double? delay);

    [LoggerMessage(EventId = 1803, EventName = "memory", Level = LogLevel.Warning, Message = "Did not grow {Sandbox} from {From} to {Wanted} MB ({Trigger}): {Reason}; {Used} MB in use, room for {Room} MB")]
    private static partial void Refused(ILogger logger, string sandbox, int from, int wanted, string trigger, string reason, long used, long room);

    [LoggerMessage(EventId = 1804, EventName = "memory", Level = LogLevel.Debug, Message = "Took memory back from {Sandbox}: from {From} to {To} MB; {Reason}")]
    private static partial void GaveBack(ILogger logger, string sandbox, int from, int to, string reason);

    [LoggerMessage(EventId = 1805, EventName = "memory", Level = LogLevel.Information, Message = "Froze {Sandbox} and squeezed it: {Reason}")]
    private static partial void Squeezed(ILogger logger, string sandbox, string reason);

    [LoggerMessage(EventId = 1806, EventName = "memory", Level = LogLevel.Warning, Message = "The kernel killed {Processes} processes in {Sandbox} for memory; its wall is {Wall} MB")]
    private static partial void KilledFor(ILogger logger, string sandbox, long processes, long wall);

    [LoggerMessage(EventId = 1807, EventName = "memory", Level = LogLevel.Error, Message = "Could not record {Count} events of memory")]
    private static partial void NotTold(ILogger logger, int count, Exception exception);
}
