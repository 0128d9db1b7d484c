using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// Destroys slots behind the callers' backs: a few at a time, and after callers who wait. What fails is left to the leftovers.
/// </summary>
internal sealed class SlotEnder : IDisposable
{
    private readonly Func<SlotId, CancellationToken, Task> _destroy;
    private readonly RecordStore _records;
    private readonly Traffic _traffic;
    private readonly SlotLeftovers _leftovers;
    private readonly Lock _lock = new();
    private readonly HashSet<Ending> _endings = [];
    private readonly SemaphoreSlim _slow = new(EndPace.AtOnce);
    private readonly SemaphoreSlim _hurried = new(EndPace.AtOnceHurried);

    public SlotEnder(Func<SlotId, CancellationToken, Task> destroy, RecordStore records, Traffic traffic, SlotLeftovers leftovers) =>
        (_destroy, _records, _traffic, _leftovers) = (destroy, records, traffic, leftovers);

    /// <summary>Begins; the task completes when the slot is gone, or could not be removed. It never fails.</summary>
    public Task End(Slot slot)
    {
        Ending ending = new(slot);
        lock (_lock)
        {
            _endings.Add(ending);
            return ending.Done = Task.Run(() => RunAsync(ending));
        }
    }

    /// <summary>Waits for slots that are being destroyed.</summary>
    /// <param name="which">Which ones; null: all.</param>
    /// <param name="hurry">Whether somebody waits: they are not held back any longer.</param>
    public Task GoneAsync(Func<Slot, bool>? which, bool hurry)
    {
        lock (_lock)
        {
            Ending[] awaited = [.. _endings.Where(e => which is null || which(e.Slot))];
            if (hurry)
            {
                Array.ForEach(awaited, e => e.Hurry.TrySetResult());
            }

            return Task.WhenAll(awaited.Select(e => e.Done));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _slow.Dispose();
        _hurried.Dispose();
    }

    private async Task RunAsync(Ending ending)
    {
        Slot slot = ending.Slot;
        try
        {
            _records.PutSlot(new SlotRecord(slot.Id, SlotState.Ending, null, slot.ProcessId, slot.Limits));
            await slot.DisposeAsync();
            SemaphoreSlim lane = await EnterAsync(ending.Hurry.Task);
            try
            {
                await _destroy(slot.Id, CancellationToken.None);
            }
            finally
            {
                lane.Release();
            }
        }
        catch (Exception e) when (SlotLeftovers.IsPassing(e))
        {
            _leftovers.Add(slot.Id, e);
        }
        finally
        {
            lock (_lock)
            {
                _endings.Remove(ending);
            }
        }
    }

    private async Task<SemaphoreSlim> EnterAsync(Task hurry)
    {
        using CancellationTokenSource hurried = new();
        Task turn = WaitForTurnAsync(hurried.Token);
        if (await Task.WhenAny(turn, hurry) != turn)
        {
            await hurried.CancelAsync();
        }

        await turn.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (turn.IsCompletedSuccessfully)
        {
            return _slow;
        }

        await _hurried.WaitAsync(CancellationToken.None);
        return _hurried;
    }

    private async Task WaitForTurnAsync(CancellationToken hurried)
    {
        int waiting;
        lock (_lock)
        {
            waiting = _endings.Count;
        }

        await _traffic.QuietAsync(EndPace.Patience(waiting), hurried);
        await _slow.WaitAsync(hurried);
    }

    private sealed class Ending(Slot slot)
    {
        public Slot Slot { get; } = slot;

        public TaskCompletionSource Hurry { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done { get; set; } = Task.CompletedTask;
    }
}
