using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// Hands out slots: a parked one at once, or one made for the caller when none is parked. A taken slot is recorded as
/// <see cref="SlotState.Claiming"/>. Slots that are done with are destroyed behind the callers' backs.
/// </summary>
internal sealed class SlotPool : IWarmPool, IAsyncDisposable
{
    private static readonly TimeSpan RefillLimit = TimeSpan.FromSeconds(25);

    // Starting a container keeps about one core busy; more at once only makes each of them slower.
    private readonly SemaphoreSlim _coldStarts = new(Environment.ProcessorCount + 1);
    private readonly SlotFactory _factory;
    private readonly RecordStore _records;
    private readonly HostGuard _guard;
    private readonly LiveOptions _options;
    private readonly Traffic _traffic;
    private readonly Stock<Slot> _stock;
    private readonly SlotEnder _ender;
    private long _hits;
    private long _misses;

    public SlotPool(
        SlotFactory factory, RecordStore records, HostGuard guard, LiveOptions options, Traffic traffic, TimeProvider time, ILogger logger)
    {
        (_factory, _records, _guard, _options, _traffic) = (factory, records, guard, options, traffic);
        _ender = new SlotEnder(factory.DestroyAsync, records, traffic, factory.Leftovers);
        _stock = new Stock<Slot>(
            new StockSource<Slot>
            {
                Make = token => factory.MakeAsync(ParkedLimits, SlotState.Parked, options.Now.Sandbox.Runtime, ParkedMode, token),
                End = _ender.End,
                MemoryShare = () => guard.AvailableRatio,
            },
            LimitsOf(options.Now),
            traffic,
            time,
            logger);
        options.OnChange(next => _stock.Change(LimitsOf(next)));
    }

    /// <inheritdoc/>
    public WarmPoolStatus Status
    {
        get
        {
            StockFigures stock = _stock.Figures;
            PoolOptions options = _options.Now.Pool;
            return new WarmPoolStatus
            {
                TargetSize = options.Size, MaxSize = options.LargestSize, TargetNow = stock.Target, Available = stock.Available,
                Making = stock.Making, Image = options.Image, MemoryMb = ParkedLimits.MemoryMb, Hits = Interlocked.Read(ref _hits),
                Misses = Interlocked.Read(ref _misses), RefillTotal = stock.Made, Dropped = stock.Dropped,
            };
        }
    }

    private NetworkMode ParkedMode => ModeToPark(_options.Now.Sandbox.Network, _factory.CanConnect);

    // What a parked slot is given before anybody takes it.
    private SlotLimits ParkedLimits => new(_options.Now.Sandbox.MemoryMb, _options.Now.Sandbox.Cpus, Sandboxes.DefaultPids);

    /// <inheritdoc/>
    public async Task<WarmPoolStatus> RefillAsync(CancellationToken cancellationToken)
    {
        _guard.AdmitRefill();
        try
        {
            await _stock.FilledAsync(cancellationToken).WaitAsync(RefillLimit, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Callers take them as fast as they are made, or wait for containers of their own: this is what there is.
        }

        return Status;
    }

    /// <summary>
    /// Puts back a parked slot found at start; false where it is of another kind than one made now, as after an upgrade or a change of settings, or has lost
    /// its network.
    /// </summary>
    public bool TryAdd(Slot slot)
    {
        if (!_factory.IsCurrent(slot, _options.Now.Sandbox.Runtime) || slot.Mode != ParkedMode || !_factory.HasUsersOfNow(slot)
            || (slot.Mode == NetworkMode.Bridge && slot.Network is null))
        {
            return false;
        }

        _stock.Add(slot);
        return true;
    }

    /// <summary>Starts keeping the pool full.</summary>
    public void Start() => _stock.Start();

    /// <summary>The daemon is about to stop: refills that callers wait for are answered.</summary>
    public void BeginStop() => _stock.AnswerWaiting();

    /// <summary>Counts a create that could have been served from the pool. Forks and rollbacks are demand, but no creates.</summary>
    public void CountCreate(bool fromPool)
    {
        if (_options.Now.Pool.Size > 0)
        {
            Interlocked.Increment(ref fromPool ? ref _hits : ref _misses);
        }
    }

    /// <summary>Takes a parked slot, or makes one, and puts the limits in force. Parked are those of the default runtime class alone.</summary>
    /// <exception cref="ContainerdException">A slot had to be made and containerd refused.</exception>
    /// <exception cref="IOException">A slot had to be made and did not come up.</exception>
    public async Task<(Slot Slot, bool FromPool)> TakeAsync(SlotLimits limits, string runtime, NetworkMode mode, CancellationToken cancellationToken)
    {
        if (mode == ParkedMode && runtime == _options.Now.Sandbox.Runtime && TryTake(mode) is Slot parked)
        {
            try
            {
                _records.PutSlot(new SlotRecord(parked.Id, SlotState.Claiming, null, parked.ProcessId, parked.Limits));
                await _factory.ApplyLimitsAsync(parked, limits, cancellationToken);
                return (parked, true);
            }
            catch (Exception)
            {
                EndLater(parked);
                throw;
            }
        }

        using Traffic.Pass pass = _traffic.EnterCold();
        await _coldStarts.WaitAsync(cancellationToken);
        try
        {
            long begin = Stopwatch.GetTimestamp();
            Slot made = await _factory.MakeAsync(limits, SlotState.Claiming, runtime, mode, cancellationToken);
            _stock.HearMake(Stopwatch.GetElapsedTime(begin));
            return (made, false);
        }
        finally
        {
            _coldStarts.Release();
        }
    }

    // Parked before the host came to have what a network takes, or lost it, they are of the other kind.
    private Slot? TryTake(NetworkMode mode)
    {
        while (_stock.TryTake(out Slot? parked))
        {
            if (parked.Mode == mode)
            {
                return parked;
            }

            EndLater(parked);
        }

        return null;
    }

    /// <summary>Destroys a slot behind the caller's back; what fails is logged and done at the next start.</summary>
    public void EndLater(Slot slot) => _ender.End(slot);

    /// <summary>Destroys a slot and waits for it, for a caller whose request is being taken back.</summary>
    public Task EndNowAsync(Slot slot)
    {
        _ender.End(slot);
        return _ender.GoneAsync(s => s == slot, hurry: true);
    }

    /// <summary>Waits until no slot that is being destroyed holds this layer mounted.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="hurry">Whether a caller waits for it.</param>
    public Task LayerFreeAsync(string layer, bool hurry) => _ender.GoneAsync(slot => slot.Layer == layer, hurry);

    /// <summary>Waits until all slots that are being destroyed are gone.</summary>
    public Task DrainAsync() => _ender.GoneAsync(null, hurry: true);

    /// <summary>Stops refilling and destroys all parked slots.</summary>
    public async Task EmptyAsync()
    {
        foreach (Slot slot in await _stock.StopAsync())
        {
            EndLater(slot);
        }

        await DrainAsync();
    }

    /// <summary>Stops refilling and waits for slots that are being destroyed; parked slots live on.</summary>
    public async ValueTask DisposeAsync()
    {
        IReadOnlyList<Slot> parked = await _stock.StopAsync();
        await DrainAsync();
        foreach (Slot slot in parked)
        {
            await slot.DisposeAsync();
        }

        await _stock.DisposeAsync();
        _ender.Dispose();
        await _factory.Leftovers.DisposeAsync();
        _coldStarts.Dispose();
    }

    /// <summary>
    /// The one kind that lies in the pool: that of the setting, or loopback alone where the host cannot have it. Never one in the host's network: nobody has
    /// asked for it yet, and the operator may take the permission back.
    /// </summary>
    /// <param name="normal"><c>sandbox.network</c>.</param>
    /// <param name="canConnect">Whether slots can be connected.</param>
    internal static NetworkMode ModeToPark(NetworkMode normal, bool canConnect) =>
        normal == NetworkMode.Bridge && canConnect ? NetworkMode.Bridge : NetworkMode.None;

    private static StockLimits LimitsOf(SleighOptions options) => new(options.Pool.Size, options.Pool.LargestSize);
}
