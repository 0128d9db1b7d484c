using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// Things made ahead of demand, off the path of callers: kept at a number that follows demand, looked after while they lie
/// there, replaced when they die. The rules are <see cref="PoolDemand"/> and <see cref="RefillPace"/>; this loop samples and acts.
/// </summary>
/// <typeparam name="T">The thing.</typeparam>
internal sealed partial class Stock<T> : IAsyncDisposable
    where T : class, IStockItem
{
    private static readonly TimeSpan GuessOfMake = TimeSpan.FromMilliseconds(150);

    private readonly StockSource<T> _source;
    private StockLimits _limits;
    private readonly Traffic _traffic;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _begin;
    private readonly Lock _lock = new();
    private readonly List<T> _parked = [];
    private readonly TakeHistory _takes = new();
    private readonly List<TaskCompletionSource> _waiting = [];
    private readonly HashSet<Task> _makingTasks = [];
    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private Task _keeping = Task.CompletedTask;
    private Task _pinging = Task.CompletedTask;
    private Task _surplus = Task.CompletedTask;
    private int _target;
    private TimeSpan _targetChanged;
    private TimeSpan _meanMake = GuessOfMake;
    private TimeSpan _lastMake = GuessOfMake;
    private TimeSpan _made;
    private TimeSpan _notBefore;
    private bool _memoryLow;

    public Stock(StockSource<T> source, StockLimits limits, Traffic traffic, TimeProvider time, ILogger logger)
    {
        (_source, _limits, _traffic, _time, _logger) = (source, limits, traffic, time, logger);
        _begin = time.GetTimestamp();
        _target = limits.Size;
    }

    /// <summary>Numbers as they are now.</summary>
    public StockFigures Figures
    {
        get
        {
            lock (_lock)
            {
                return new StockFigures(_parked.Count, _target, _makingTasks.Count, MadeTotal, DroppedTotal);
            }
        }
    }

    private long MadeTotal { get; set; }

    private long DroppedTotal { get; set; }

    private TimeSpan Now => _time.GetElapsedTime(_begin);

    /// <summary>Puts in one that was found or made elsewhere.</summary>
    public void Add(T item)
    {
        lock (_lock)
        {
            _parked.Add(item);
        }

        _ = item.Gone.ContinueWith(_ => Drop(item, "it has died"), TaskScheduler.Default);
    }

    /// <summary>Begins to keep the number. What was found beyond it goes the slow way, as after a rush.</summary>
    public void Start()
    {
        lock (_lock)
        {
            _target = Math.Clamp(_parked.Count, _limits.Size, Math.Max(_limits.Size, _limits.MaxSize));
            _targetChanged = Now;
        }

        _keeping = Task.Run(KeepAsync);
        _pinging = Task.Run(PingAllAsync);
    }

    /// <summary>Keeps another number from now on. What is too many is ended one by one, what is missing is made.</summary>
    public void Change(StockLimits limits)
    {
        lock (_lock)
        {
            _limits = _limits with { Size = limits.Size, MaxSize = limits.MaxSize };
            int target = Math.Clamp(_target, limits.Size, Math.Max(limits.Size, limits.MaxSize));
            if (target != _target)
            {
                TargetChanged(_logger, _target, target, "the configuration changed");
                (_target, _targetChanged) = (target, Now);
            }
        }

        Wake();
    }

    /// <summary>Takes one that is alive, if there is one. Never waits.</summary>
    public bool TryTake([NotNullWhen(true)] out T? item)
    {
        item = null;
        while (item is null)
        {
            T? first;
            lock (_lock)
            {
                first = _parked.FirstOrDefault();
                if (first is null)
                {
                    break;
                }

                _parked.RemoveAt(0);
            }

            if (first.IsAlive)
            {
                item = first;
            }
            else
            {
                Discard(first, "it has died");
            }
        }

        lock (_lock)
        {
            _takes.Add(Now, missed: item is null);
            FollowDemand();
        }

        Wake();
        return item is not null;
    }

    /// <summary>Hears how long one took that a caller made for himself.</summary>
    public void HearMake(TimeSpan took)
    {
        lock (_lock)
        {
            _meanMake = (_meanMake * 0.8) + (took * 0.2);
        }
    }

    /// <summary>Completes when the number is reached, or cannot be reached now.</summary>
    public Task FilledAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource filled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_stop.IsCancellationRequested || _parked.Count >= _target)
            {
                return Task.CompletedTask;
            }

            _waiting.Add(filled);
            _notBefore = TimeSpan.Zero;
        }

        Wake();
        return filled.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Answers all who wait for the number now, though it is not reached.</summary>
    public void AnswerWaiting()
    {
        lock (_lock)
        {
            ReleaseWaiting();
        }
    }

    /// <summary>Stops keeping the number and gives back what is there.</summary>
    public async Task<IReadOnlyList<T>> StopAsync()
    {
        if (!_stop.IsCancellationRequested)
        {
            await _stop.CancelAsync();
        }

        await Task.WhenAll(_keeping, _pinging);
        Task[] making;
        lock (_lock)
        {
            making = [.. _makingTasks];
        }

        await Task.WhenAll([.. making, _surplus]);
        lock (_lock)
        {
            T[] rest = [.. _parked];
            _parked.Clear();
            ReleaseWaiting();
            return rest;
        }
    }

    /// <summary>Stops; what is there must have been taken out by <see cref="StopAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private void Wake()
    {
        lock (_lock)
        {
            if (_changed.CurrentCount == 0)
            {
                _changed.Release();
            }
        }
    }

    // Under the lock.
    private void FollowDemand()
    {
        TimeSpan window = PoolDemand.Window(_meanMake);
        PoolDemandDecision decision = PoolDemand.Decide(new PoolDemandSample(
            _limits.Size, _limits.MaxSize, _target, _parked.Count, _takes.Peak(window, Now), _takes.Misses(window, Now), Now - _targetChanged));
        if (decision.Target != _target)
        {
            TargetChanged(_logger, _target, decision.Target, decision.Reason);
            (_target, _targetChanged) = (decision.Target, Now);
        }
    }

    private void Drop(T item, string why)
    {
        bool found;
        lock (_lock)
        {
            found = !_stop.IsCancellationRequested && _parked.Remove(item);
        }

        if (found)
        {
            Discard(item, why);
        }
    }

    private void Discard(T item, string why)
    {
        Dropped(_logger, item.Name, why);
        lock (_lock)
        {
            DroppedTotal++;
        }

        _ = _source.End(item);
        Wake();
    }

    // Under the lock.
    private void ReleaseWaiting()
    {
        _waiting.ForEach(w => w.TrySetResult());
        _waiting.Clear();
    }

    [LoggerMessage(EventId = 1220, EventName = "park", Level = LogLevel.Warning, Message = "Could not park a container; trying again in {Seconds}s")]
    private static partial void NotMade(ILogger logger, double seconds, Exception exception);

    [LoggerMessage(EventId = 1222, EventName = "pool", Level = LogLevel.Information, Message = "The pool's target goes from {From} to {To}: {Reason}")]
    private static partial void TargetChanged(ILogger logger, int from, int to, string reason);

    [LoggerMessage(EventId = 1223, EventName = "end-slot", Level = LogLevel.Warning, Message = "Parked {Slot} is thrown away: {Why}")]
    private static partial void Dropped(ILogger logger, string slot, string why);

    [LoggerMessage(EventId = 1224, EventName = "pool", Level = LogLevel.Warning, Message = "The pool is not refilled while the host has little memory: {Share:P1} are available")]
    private static partial void MemoryIsLow(ILogger logger, double share);
}
