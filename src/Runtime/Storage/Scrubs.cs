using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sleigh.Linux;
using Sleigh.Linux.Sqlite;
using Sleigh.Overlay;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <summary>
/// Checks of all that the layer store holds against its checksums: one at a time, asked for or by the clock. The record of one is there before it
/// begins, so that the start after a kill knows of it.
/// </summary>
internal sealed partial class Scrubs : IAsyncDisposable
{
    // How long it is waited for a moment in which no command runs, and after a check that did not come to its end.
    private static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    private readonly LayerStore _layers;
    private readonly RecordStore _records;
    private readonly LiveOptions _options;
    private readonly Func<bool> _isQuiet;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly DateTimeOffset _since;
    private ScrubReport _report;
    private Func<LayerScrubState>? _now;
    private CancellationTokenSource? _stop;
    private Task _work = Task.CompletedTask;
    private bool _isStopping;

    /// <param name="layers">What is checked.</param>
    /// <param name="records">Where results are kept.</param>
    /// <param name="options">How often.</param>
    /// <param name="isQuiet">Whether no command runs.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where sentences go.</param>
    public Scrubs(LayerStore layers, RecordStore records, LiveOptions options, Func<bool> isQuiet, TimeProvider time, ILogger logger)
    {
        (_layers, _records, _options, _isQuiet, _time, _logger) = (layers, records, options, isQuiet, time, logger);
        _since = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(
            records.MetaOrAdd("scrub_since", () => time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture));
        _report = JsonSerializer.Deserialize(records.MetaOrAdd("scrub", () => "{}"), RecordJson.Default.ScrubReport) ?? new ScrubReport();
        if (_report.Running is Scrub cut)
        {
            Stopped(_logger, ScrubOutcome.Interrupted, cut.Percent, "the daemon was killed");
            Keep(new ScrubReport { Last = cut with { Outcome = ScrubOutcome.Interrupted } });
        }
    }

    /// <summary>The one under way, as far as it is, and the last.</summary>
    public ScrubReport Report
    {
        get
        {
            lock (_lock)
            {
                return _report.Running is Scrub running && _now is not null ? _report with { Running = With(running, _now()) } : _report;
            }
        }
    }

    /// <summary>Begins one.</summary>
    /// <returns>False: one is under way already, and no other was begun.</returns>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.UnsupportedOnHost"/>: the layers are not on btrfs.</exception>
    public bool TryStart()
    {
        lock (_lock)
        {
            if (_report.Running is not null || _isStopping)
            {
                return false;
            }

            if (_layers.Status.Driver != LayerDriverKind.Btrfs)
            {
                throw new RuntimeException(ErrorKind.UnsupportedOnHost, "the layers are not on btrfs, which alone keeps checksums of all that it holds: check the disk below with its own tools");
            }

            Keep(_report with { Running = new Scrub { Outcome = ScrubOutcome.Running, Started = _time.GetUtcNow() } });
            ChangeStep.Done("scrub", 1);
            _stop = new CancellationTokenSource();
            (_now, Task<LayerScrubState> end) = _layers.Scrub(_stop.Token);
            _work = FinishAsync(end);
        }

        Began(_logger, _layers.Status.Root);
        return true;
    }

    /// <summary>Ends the one under way and waits for that.</summary>
    /// <returns>False: there was none.</returns>
    public async Task<bool> CancelAsync()
    {
        (CancellationTokenSource? stop, Task work) = Current();
        if (stop is null)
        {
            return false;
        }

        await EndAsync(stop);
        await work;
        return true;
    }

    /// <summary>Begins one where its time has come: of a pool alone, as a filesystem of the host's is its administrator's to check.</summary>
    public void Tick()
    {
        if (_options.Now.Storage.ScrubInterval is TimeSpan interval && _layers.Status.PoolDevice is not null
            && IsDue(_report, _since, interval, _isQuiet(), _time.GetUtcNow()))
        {
            _ = TryStart();
        }
    }

    /// <summary>Whether the clock says that one is to begin.</summary>
    /// <param name="report">Those before.</param>
    /// <param name="since">When this installation began.</param>
    /// <param name="interval">Time from one to the next.</param>
    /// <param name="isQuiet">No command runs; that is waited for, but not for ever.</param>
    /// <param name="now">The time.</param>
    internal static bool IsDue(ScrubReport report, DateTimeOffset since, TimeSpan interval, bool isQuiet, DateTimeOffset now)
    {
        if (report.Running is not null)
        {
            return false;
        }

        DateTimeOffset due = report.Last switch
        {
            null => since + interval,
            { Outcome: ScrubOutcome.Interrupted or ScrubOutcome.Failed } cut => (cut.Ended ?? cut.Started) + (interval < Patience ? interval : Patience),
            { } last => (last.Ended ?? last.Started) + interval,
        };
        return now >= due && (isQuiet || now >= due + Patience);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isStopping = true;
        }

        (CancellationTokenSource? stop, Task work) = Current();
        if (stop is not null)
        {
            await EndAsync(stop);
        }

        await work;
    }

    private (CancellationTokenSource? Stop, Task Work) Current()
    {
        lock (_lock)
        {
            return (_stop, _work);
        }
    }

    // On another thread: the kernel keeps the caller until the check stands still.
    private static async Task EndAsync(CancellationTokenSource stop)
    {
        try
        {
            await stop.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It came to its end by itself.
        }
    }

    private async Task FinishAsync(Task<LayerScrubState> end)
    {
        (LayerScrubState? state, string? error) = (null, null);
        try
        {
            state = await end;
        }
        catch (IOException e)
        {
            error = (Errno)e.HResult == Errno.EINPROGRESS ? "another scrub of this filesystem is under way" : e.Message;
        }

        Scrub ended;
        lock (_lock)
        {
            Scrub running = _report.Running ?? throw new UnreachableException();
            ended = (state is null ? running : With(running, state)) with
            {
                Ended = _time.GetUtcNow(), Error = error,
                Outcome = state is null ? ScrubOutcome.Failed
                    : state.IsComplete ? ScrubOutcome.Completed
                    : _isStopping ? ScrubOutcome.Interrupted
                    : ScrubOutcome.Cancelled,
            };
            _now = null;
            _stop?.Dispose();
            _stop = null;
            try
            {
                Keep(new ScrubReport { Last = ended });
            }
            catch (SqliteException e)
            {
                // The next start takes it for one that was cut off.
                _report = new ScrubReport { Last = ended };
                NotRecorded(_logger, e);
            }
        }

        Tell(ended);
    }

    private void Tell(Scrub ended)
    {
        if (ended.Count.Errors > 0)
        {
            FoundErrors(_logger, _layers.Status.Root, ended.Count.Errors, ended.Count.Uncorrectable);
        }

        if (ended.Outcome == ScrubOutcome.Completed)
        {
            Completed(_logger, ended.Count.Bytes, ended.Count.Errors, ((ended.Ended ?? ended.Started) - ended.Started).TotalSeconds);
        }
        else
        {
            Stopped(_logger, ended.Outcome, ended.Percent, ended.Error ?? "it was asked to end");
        }
    }

    private void Keep(ScrubReport report)
    {
        _records.ReplaceMeta("scrub", JsonSerializer.Serialize(report, RecordJson.Default.ScrubReport));
        _report = report;
    }

    private static Scrub With(Scrub scrub, LayerScrubState state) => scrub with { Percent = state.Percent, Count = state.Count };

    [LoggerMessage(EventId = 1510, EventName = "scrub", Level = LogLevel.Information, Message = "Checking all that is in {Root} against its checksums")]
    private static partial void Began(ILogger logger, string root);

    [LoggerMessage(EventId = 1511, EventName = "scrub", Level = LogLevel.Information, Message = "Checked {Bytes} bytes of layers, {Errors} errors, in {Seconds:F0} s")]
    private static partial void Completed(ILogger logger, long bytes, long errors, double seconds);

    [LoggerMessage(EventId = 1512, EventName = "scrub", Level = LogLevel.Error, Message = "The check of {Root} found {Errors} errors, of which {Uncorrectable} stay; the kernel log names the files")]
    private static partial void FoundErrors(ILogger logger, string root, long errors, long uncorrectable);

    [LoggerMessage(EventId = 1513, EventName = "scrub", Level = LogLevel.Warning, Message = "The check of the layers did not come to its end ({Outcome} at {Percent} %): {Why}")]
    private static partial void Stopped(ILogger logger, ScrubOutcome outcome, int percent, string why);

    [LoggerMessage(EventId = 1514, EventName = "scrub", Level = LogLevel.Error, Message = "The result of a check of the layers could not be recorded")]
    private static partial void NotRecorded(ILogger logger, Exception exception);
}
