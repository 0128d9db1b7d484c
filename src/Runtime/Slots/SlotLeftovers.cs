using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
using Sleigh.Linux.Sqlite;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// Slots that could not be removed, most often because containerd was away: each is tried again, after longer and longer waits, until
/// it is gone. What is left when the daemon stops, the next start removes.
/// </summary>
internal sealed partial class SlotLeftovers : IAsyncDisposable
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private readonly Func<SlotId, CancellationToken, Task> _destroy;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<SlotId, Task> _waiting = [];

    public SlotLeftovers(Func<SlotId, CancellationToken, Task> destroy, TimeProvider time, ILogger logger) =>
        (_destroy, _time, _logger) = (destroy, time, logger);

    /// <summary>What a removal can fail with and be worth another try.</summary>
    public static bool IsPassing(Exception e) =>
        e is ContainerdException or IOException or UnauthorizedAccessException or TimeoutException or SqliteException;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Takes a slot over whose removal has failed.</summary>
    public void Add(SlotId slot, Exception reason)
    {
        NotRemoved(_logger, slot.ToString(), reason);
        lock (_lock)
        {
            if (!_stop.IsCancellationRequested && !_waiting.ContainsKey(slot))
            {
                _waiting[slot] = Task.Run(() => TryAgainAsync(slot, _stop.Token));
            }
        }
    }

    /// <summary>Gives up.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] waiting;
        lock (_lock)
        {
            _stop.Cancel();
            waiting = [.. _waiting.Values];
        }

        await Task.WhenAll(waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task TryAgainAsync(SlotId slot, CancellationToken stop)
    {
        for (TimeSpan wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            await Task.Delay(wait, _time, stop);
            try
            {
                await _destroy(slot, stop);
                break;
            }
            catch (Exception e) when (IsPassing(e))
            {
                StillThere(_logger, slot.ToString(), e.Message);
            }
        }

        lock (_lock)
        {
            _waiting.Remove(slot);
        }

        RemovedLater(_logger, slot.ToString());
    }

    [LoggerMessage(EventId = 1221, EventName = "end-slot", Level = LogLevel.Error, Message = "Could not remove slot {Slot}; trying again")]
    private static partial void NotRemoved(ILogger logger, string slot, Exception exception);

    [LoggerMessage(EventId = 1226, EventName = "end-slot", Level = LogLevel.Warning, Message = "Could not remove slot {Slot} this time either: {Reason}")]
    private static partial void StillThere(ILogger logger, string slot, string reason);

    [LoggerMessage(EventId = 1227, EventName = "end-slot", Level = LogLevel.Information, Message = "Removed slot {Slot} at last")]
    private static partial void RemovedLater(ILogger logger, string slot);
}
