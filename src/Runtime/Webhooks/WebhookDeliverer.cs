using Microsoft.Extensions.Logging;
using Sleigh.Linux.Sqlite;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <summary>
/// Brings deliveries to their receivers. Each try is recorded before it is made and counts from then on: one that the daemon's death cuts off
/// is neither made up for nor made twice. What is queued lies in the records; this holds only when each is due.
/// </summary>
internal sealed partial class WebhookDeliverer : IAsyncDisposable
{
    private const int AtOnce = 128;
    private const int OfOneReceiver = 8;

    // So long a stopping daemon waits for answers; then tries are cut off.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RecordAgain = TimeSpan.FromSeconds(5);

    private readonly RecordStore _records;
    private readonly Func<WebhookRequest, CancellationToken, Task<WebhookOutcome>> _send;
    private readonly TimeProvider _time;
    private readonly Func<double> _random;
    private readonly ILogger _logger;
    private readonly long _origin;
    private readonly Lock _lock = new();
    private readonly WebhookQueue _queue = new(AtOnce, OfOneReceiver);
    private readonly HashSet<Task> _tries = [];
    private readonly CancellationTokenSource _cut = new();
    private readonly ITimer _timer;
    private bool _stopped;

    /// <param name="records">The queue.</param>
    /// <param name="send">Makes one try; it must not fail.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">From 0 to 1, for the pauses.</param>
    /// <param name="logger">Where sentences go.</param>
    public WebhookDeliverer(
        RecordStore records, Func<WebhookRequest, CancellationToken, Task<WebhookOutcome>> send, TimeProvider time, Func<double> random, ILogger logger)
    {
        (_records, _send, _time, _random, _logger) = (records, send, time, random, logger);
        _origin = time.GetTimestamp();
        _timer = time.CreateTimer(_ => Pump(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Goes on with what an earlier run has left, and takes what is queued from now on.</summary>
    public void Start()
    {
        _records.WebhooksQueued = Add;
        IReadOnlyList<BegunTry> open = _records.ReadOpenTries();
        foreach (BegunTry cut in open)
        {
            EndedTry ended = EndedTry.Of(cut.Delivery, cut.Attempt, WebhookOutcome.CutOff, _time.GetUtcNow(), _random());
            Tell(_records.EndWebhookTry(ended), ended);
        }

        IReadOnlyList<QueuedWebhook> queued = _records.ReadQueuedWebhooks();
        if (queued.Count > 0)
        {
            GoesOn(_logger, queued.Count, open.Count);
        }

        Add(queued);
    }

    /// <summary>No more tries are begun.</summary>
    public void BeginStop()
    {
        lock (_lock)
        {
            _stopped = true;
        }
    }

    /// <summary>Gives the tries under way a moment, then cuts them off; each is recorded when this returns.</summary>
    public async ValueTask DisposeAsync()
    {
        BeginStop();
        await _timer.DisposeAsync();
        Task all;
        lock (_lock)
        {
            all = Task.WhenAll(_tries);
        }

        await all.WaitAsync(StopPatience, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _cut.CancelAsync();
        await all;
        _cut.Dispose();
    }

    private TimeSpan Now => _time.GetElapsedTime(_origin);

    private void Add(IReadOnlyList<QueuedWebhook> queued)
    {
        lock (_lock)
        {
            DateTimeOffset wall = _time.GetUtcNow();
            foreach (QueuedWebhook one in queued)
            {
                // A clock that was set back while the daemon was away does not hold it up.
                TimeSpan left = one.Next - wall;
                _queue.Add(one.Id, one.Url, Now + (left < TimeSpan.Zero ? TimeSpan.Zero : left > WebhookPace.Longest ? WebhookPace.Longest : left));
            }
        }

        Pump();
    }

    private void Pump()
    {
        lock (_lock)
        {
            if (_stopped)
            {
                return;
            }

            foreach (QueuedTry due in _queue.TakeDue(Now))
            {
                Task task = Task.Run(() => TryAsync(due));
                _tries.Add(task);
                _ = task.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }

            if (_queue.NextDue is TimeSpan next)
            {
                TimeSpan left = next - Now;
                _timer.Change(left < TimeSpan.Zero ? TimeSpan.Zero : left, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Forget(Task task)
    {
        lock (_lock)
        {
            _tries.Remove(task);
        }
    }

    private async Task TryAsync(QueuedTry entry)
    {
        TimeSpan? again;
        try
        {
            again = await OneAsync(entry);
        }
        catch (SqliteException e)
        {
            NotRecorded(_logger, entry.Id.ToString(), e);
            again = RecordAgain;
        }

        lock (_lock)
        {
            if (again is TimeSpan pause)
            {
                _queue.Again(entry, Now + pause);
            }
            else
            {
                _queue.Done(entry);
            }
        }

        Pump();
    }

    /// <summary>One try from its record to its record; gives the pause until the next, null when there is none.</summary>
    private async Task<TimeSpan?> OneAsync(QueuedTry entry)
    {
        if (entry.Unrecorded is null)
        {
            if (_records.BeginWebhookTry(entry.Id) is not WebhookRequest request)
            {
                // Its session has ended.
                return null;
            }

            WebhookOutcome outcome = await _send(request, _cut.Token);
            WebhookMeters.Tried(outcome.Kind);
            entry.Unrecorded = EndedTry.Of(entry.Id, request.Attempt, outcome, _time.GetUtcNow(), _random());
        }

        EndedTry ended = entry.Unrecorded;
        WebhookDelivery? delivery = _records.EndWebhookTry(ended);
        entry.Unrecorded = null;
        Tell(delivery, ended);
        return delivery is null ? null : ended.Pause;
    }

    private void Tell(WebhookDelivery? delivery, EndedTry ended)
    {
        if (delivery is null)
        {
            return;
        }

        (string id, string exec, string receiver) = (delivery.Id.ToString(), delivery.Exec.ToString(), WebhookUrl.Receiver(delivery.Url));
        switch (ended)
        {
            case { State: WebhookState.Delivered }:
                Delivered(_logger, id, exec, receiver, ended.Attempt);
                break;
            case { State: WebhookState.Failed }:
                GivenUp(_logger, id, exec, receiver, ended.Attempt, ended.Outcome.Error ?? "");
                break;
            default:
                TryFailed(_logger, ended.Attempt, id, exec, receiver, ended.Outcome.Error ?? "", ended.Pause?.TotalSeconds ?? 0);
                break;
        }
    }

    [LoggerMessage(EventId = 1900, EventName = "webhook", Level = LogLevel.Debug, Message = "Webhook {Delivery} of {Exec} was taken by {Receiver} at try {Attempt}")]
    private static partial void Delivered(ILogger logger, string delivery, string exec, string receiver, int attempt);

    [LoggerMessage(EventId = 1901, EventName = "webhook", Level = LogLevel.Warning, Message = "Webhook {Delivery} of {Exec} to {Receiver} is given up after {Attempts} tries: {Reason}")]
    private static partial void GivenUp(ILogger logger, string delivery, string exec, string receiver, int attempts, string reason);

    [LoggerMessage(EventId = 1902, EventName = "webhook", Level = LogLevel.Debug, Message = "Try {Attempt} of webhook {Delivery} of {Exec} to {Receiver} failed: {Reason}; the next follows in {Seconds:F1} s")]
    private static partial void TryFailed(ILogger logger, int attempt, string delivery, string exec, string receiver, string reason, double seconds);

    [LoggerMessage(EventId = 1903, EventName = "webhook", Level = LogLevel.Error, Message = "Could not record a try of webhook {Delivery}; trying again")]
    private static partial void NotRecorded(ILogger logger, string delivery, Exception exception);

    [LoggerMessage(EventId = 1904, EventName = "webhook", Level = LogLevel.Information, Message = "{Count} webhooks wait to be sent; {CutOff} were being sent when the daemon ended")]
    private static partial void GoesOn(ILogger logger, int count, int cutOff);
}
