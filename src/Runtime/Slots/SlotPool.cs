using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// Parked slots, made ahead and off the request path. A taken slot is recorded as <see cref="SlotState.Claiming"/>; when the
/// pool is empty, one is made for the caller.
/// </summary>
internal sealed partial class SlotPool : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(5);

    private readonly SlotFactory _factory;
    private readonly RecordStore _records;
    private readonly SlotLimits _parkedLimits;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Queue<Slot> _parked = new();
    private readonly HashSet<Task> _ending = [];

    // Starting a container keeps more than one core busy; more at once only makes each of them slower.
    private readonly SemaphoreSlim _coldStarts = new(Environment.ProcessorCount + 1);
    private readonly SemaphoreSlim _wanted = new(0);
    private readonly CancellationTokenSource _stop = new();
    private Task _refill = Task.CompletedTask;
    private int _coldWaiting;

    public SlotPool(SlotFactory factory, RecordStore records, int target, SlotLimits parkedLimits, TimeProvider time, ILogger logger)
    {
        (_factory, _records, _parkedLimits, _time, _logger) = (factory, records, parkedLimits, time, logger);
        Target = target;
    }

    /// <summary>How many slots are kept parked.</summary>
    public int Target { get; }

    /// <summary>Slots parked now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _parked.Count;
            }
        }
    }

    /// <summary>Puts back a parked slot found at start.</summary>
    public void Add(Slot slot)
    {
        lock (_lock)
        {
            _parked.Enqueue(slot);
        }
    }

    /// <summary>Starts keeping the pool full.</summary>
    public void Start()
    {
        _refill = RefillLoopAsync();
        _wanted.Release();
    }

    /// <summary>Takes a parked slot, or makes one, and puts the limits in force.</summary>
    /// <exception cref="ContainerdException">A slot had to be made and containerd refused.</exception>
    /// <exception cref="IOException">A slot had to be made and did not come up.</exception>
    public async Task<(Slot Slot, bool FromPool)> TakeAsync(SlotLimits limits, CancellationToken cancellationToken)
    {
        while (TryDequeue(out Slot? parked))
        {
            _wanted.Release();
            if (!parked.IsAlive)
            {
                EndLater(parked);
                continue;
            }

            _records.PutSlot(new SlotRecord(parked.Id, SlotState.Claiming, null, parked.ProcessId, parked.Limits));
            try
            {
                await _factory.ApplyLimitsAsync(parked, limits, cancellationToken);
            }
            catch (Exception)
            {
                EndLater(parked);
                throw;
            }

            return (parked, true);
        }

        Interlocked.Increment(ref _coldWaiting);
        try
        {
            await _coldStarts.WaitAsync(cancellationToken);
            try
            {
                return (await _factory.MakeAsync(limits, SlotState.Claiming, cancellationToken), false);
            }
            finally
            {
                _coldStarts.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _coldWaiting);
        }
    }

    /// <summary>Destroys a slot behind the caller's back; what fails is logged and done at the next start.</summary>
    public void EndLater(Slot slot)
    {
        Task end = EndAsync(slot);
        lock (_lock)
        {
            _ending.Add(end);
        }

        _ = end.ContinueWith(
            done =>
            {
                lock (_lock)
                {
                    _ending.Remove(done);
                }
            },
            TaskScheduler.Default);
    }

    /// <summary>Waits until all slots given to <see cref="EndLater"/> so far are gone.</summary>
    public async Task DrainAsync()
    {
        Task[] ending;
        lock (_lock)
        {
            ending = [.. _ending];
        }

        await Task.WhenAll(ending);
    }

    /// <summary>Stops refilling and destroys all parked slots.</summary>
    public async Task EmptyAsync()
    {
        await _stop.CancelAsync();
        await _refill;
        while (TryDequeue(out Slot? slot))
        {
            EndLater(slot);
        }

        await DrainAsync();
    }

    /// <summary>Stops refilling and waits for slots that are being destroyed; parked slots live on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _refill;
        await DrainAsync();
        while (TryDequeue(out Slot? slot))
        {
            await slot.DisposeAsync();
        }

        _stop.Dispose();
        _wanted.Dispose();
        _coldStarts.Dispose();
    }

    private bool TryDequeue([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Slot? slot)
    {
        lock (_lock)
        {
            return _parked.TryDequeue(out slot);
        }
    }

    private async Task EndAsync(Slot slot)
    {
        await Task.Yield();
        try
        {
            _records.PutSlot(new SlotRecord(slot.Id, SlotState.Ending, null, slot.ProcessId, slot.Limits));
            await slot.DisposeAsync();
            await _factory.DestroyAsync(slot.Id, CancellationToken.None);
        }
        catch (Exception e) when (e is ContainerdException or IOException or UnauthorizedAccessException or Linux.Sqlite.SqliteException)
        {
            NotEnded(_logger, slot.Id.ToString(), e);
        }
    }

    private async Task RefillLoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _wanted.WaitAsync(_stop.Token);
                while (Count < Target)
                {
                    // Callers who wait for a container of their own come first.
                    while (Volatile.Read(ref _coldWaiting) > 0)
                    {
                        await Task.Delay(TimeSpan.FromMilliseconds(20), _time, _stop.Token);
                    }

                    Add(await _factory.MakeAsync(_parkedLimits, SlotState.Parked, _stop.Token));
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is ContainerdException or IOException or OperationCanceledException or UnauthorizedAccessException)
            {
                NotRefilled(_logger, RetryAfterFailure.TotalSeconds, e);
                await Task.Delay(RetryAfterFailure, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _wanted.Release();
            }
        }
    }

    [LoggerMessage(EventId = 1220, Level = LogLevel.Warning, Message = "Could not park a container; trying again in {Seconds}s")]
    private static partial void NotRefilled(ILogger logger, double seconds, Exception exception);

    [LoggerMessage(EventId = 1221, Level = LogLevel.Error, Message = "Could not remove slot {Slot}; the next start of the daemon will")]
    private static partial void NotEnded(ILogger logger, string slot, Exception exception);
}
