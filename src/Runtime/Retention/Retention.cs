using Microsoft.Extensions.Logging;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <summary>
/// Removes by the clock what the settings no longer keep: old commands with their output, old deliveries of webhooks, and old snapshots. Nothing is recorded for
/// it: what is old is found again, so that a kill at any point leaves only work for the next time.
/// </summary>
internal sealed partial class Retention : IMaintenance, IAsyncDisposable
{
    // A start has other things to do first.
    private static readonly TimeSpan FirstAfter = TimeSpan.FromMinutes(1);

    // Between two pieces, so that whoever waits for the records gets them.
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(1);

    private readonly RecordStore _records;
    private readonly Spool _spool;
    private readonly Func<DateTimeOffset, CancellationToken, Task<int>> _deleteSnapshots;
    private readonly Func<CancellationToken, Task<int>> _deleteSurplus;
    private readonly LiveOptions _options;
    private readonly Background _background;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationToken _stopping;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private DateTimeOffset _last;
    private bool _running;
    private bool _left;

    /// <param name="records">Whose rows go.</param>
    /// <param name="spool">The output of commands.</param>
    /// <param name="deleteSnapshots">Deletes snapshots taken before a time, as far as live files do not stand on them; gives how many.</param>
    /// <param name="deleteSurplus">Deletes the snapshots of each sandbox that are more than are kept; gives how many.</param>
    /// <param name="options">How long things are kept, and how often it is looked.</param>
    /// <param name="background">Runs it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where sentences go.</param>
    /// <param name="stopping">Ends with the start of shutdown.</param>
    public Retention(
        RecordStore records, Spool spool, Func<DateTimeOffset, CancellationToken, Task<int>> deleteSnapshots,
        Func<CancellationToken, Task<int>> deleteSurplus, LiveOptions options, Background background, TimeProvider time, ILogger logger, CancellationToken stopping)
    {
        (_records, _spool, _deleteSnapshots, _deleteSurplus, _options, _background, _time, _logger, _stopping) =
            (records, spool, deleteSnapshots, deleteSurplus, options, background, time, logger, stopping);
    }

    /// <summary>Begins to look every <c>maintenance.interval_seconds</c>, for the first time within a minute; a changed interval counts at once.</summary>
    public void Start()
    {
        _last = _time.GetUtcNow() - _options.Now.Maintenance.Interval + Shorter(FirstAfter, _options.Now.Maintenance.Interval);
        _timer = _time.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _options.OnChange(_ => Arm());
        Arm();
    }

    /// <inheritdoc/>
    public async Task<(int Deleted, DateTimeOffset Before)> CleanUpExecsAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping);
        await _turn.WaitAsync(either.Token);
        try
        {
            DateTimeOffset before = _time.GetUtcNow() - _options.Now.Exec.History;
            int deleted = 0;
            while (_records.ReadOldExecs(before) is { Count: > 0 } piece)
            {
                // Output first: a record without output is answered with empty text until it goes too.
                foreach (ExecId id in piece)
                {
                    RemoveOutput(id);
                }

                deleted += _records.RemoveExecs(piece);
                await Task.Delay(Breath, either.Token);
            }

            if (deleted > 0)
            {
                ExecsDeleted(_logger, deleted, before);
            }

            return (deleted, before);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Does all that is due now. What fails is logged, and tried again the next time.</summary>
    public async Task RunAsync()
    {
        await _background.BeginAsync("delete old commands", () => CleanUpExecsAsync(_stopping));
        await _background.BeginAsync("forget old deliveries of webhooks", ForgetWebhooksAsync);
        await _background.BeginAsync("delete old snapshots", CleanUpSnapshotsAsync);
        if (Interlocked.Exchange(ref _left, false))
        {
            await _background.BeginAsync("remove output that no record has", () => Task.FromResult(SpoolSweep.Run(_spool, _records)));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_timer is ITimer timer)
        {
            await timer.DisposeAsync();
        }
    }

    private async Task CleanUpSnapshotsAsync()
    {
        int surplus = await _deleteSurplus(_stopping);
        if (surplus > 0)
        {
            SurplusDeleted(_logger, surplus);
        }

        if (_options.Now.Snapshots.Retention is TimeSpan kept)
        {
            DateTimeOffset before = _time.GetUtcNow() - kept;
            int deleted = await _deleteSnapshots(before, _stopping);
            if (deleted > 0)
            {
                SnapshotsDeleted(_logger, deleted, before);
            }
        }
    }

    private async Task ForgetWebhooksAsync()
    {
        DateTimeOffset before = _time.GetUtcNow() - _options.Now.Exec.History;
        while (_records.PruneWebhooks(before) > 0)
        {
            await Task.Delay(Breath, _stopping);
        }
    }

    // One directory that cannot be removed must not keep everything behind it for ever.
    private void RemoveOutput(ExecId id)
    {
        try
        {
            _spool.Remove(id);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _left = true;
            OutputStays(_logger, id.ToString(), e);
        }
    }

    private void Tick()
    {
        lock (_lock)
        {
            if (_running || _stopping.IsCancellationRequested)
            {
                return;
            }

            _running = true;
        }

        _ = Task.Run(async () =>
        {
            await RunAsync();
            lock (_lock)
            {
                (_running, _last) = (false, _time.GetUtcNow());
            }

            Arm();
        });
    }

    private void Arm()
    {
        lock (_lock)
        {
            // A timer that is disposed of already takes no notice.
            TimeSpan due = _last + _options.Now.Maintenance.Interval - _time.GetUtcNow();
            _timer?.Change(due > TimeSpan.Zero ? Shorter(due, TimeSpan.FromDays(40)) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    [LoggerMessage(EventId = 1540, EventName = "retention", Level = LogLevel.Information, Message = "Deleted {Execs} commands that ended before {Before:u}")]
    private static partial void ExecsDeleted(ILogger logger, int execs, DateTimeOffset before);

    [LoggerMessage(EventId = 1541, EventName = "retention", Level = LogLevel.Information, Message = "Deleted {Snapshots} snapshots taken before {Before:u}")]
    private static partial void SnapshotsDeleted(ILogger logger, int snapshots, DateTimeOffset before);

    [LoggerMessage(EventId = 1547, EventName = "retention", Level = LogLevel.Information, Message = "Deleted {Snapshots} snapshots that were more than are kept of a sandbox")]
    private static partial void SurplusDeleted(ILogger logger, int snapshots);

    [LoggerMessage(EventId = 1542, EventName = "retention", Level = LogLevel.Warning, Message = "Could not remove the output of {Exec}; the next clean-up tries again")]
    private static partial void OutputStays(ILogger logger, string exec, Exception exception);
}
