using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Proc;

/// <summary>
/// Writes the files of /proc anew while commands run: at once when one begins, then every two seconds, and a last time when none is left. An idle
/// sandbox costs nothing.
/// </summary>
internal sealed class ProcKeeper : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(100);

    private readonly SandboxTable _table;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _heard = new(0, 1);
    private Task _loop = Task.CompletedTask;

    public ProcKeeper(SandboxTable table, TimeProvider time) => (_table, _time) = (table, time);

    /// <summary>Begins; commands that run already are looked after too.</summary>
    public void Start()
    {
        _loop = Task.Run(RunAsync);
        Hear();
    }

    /// <summary>A command begins somewhere.</summary>
    public void Hear()
    {
        try
        {
            if (_heard.CurrentCount == 0)
            {
                _heard.Release();
            }
        }
        catch (SemaphoreFullException)
        {
            // Somebody else has just said so.
        }
    }

    /// <summary>Stops; the files stay as they are.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        HashSet<Slot> busy = [];
        try
        {
            while (true)
            {
                await (busy.Count > 0 ? _heard.WaitAsync(Interval, _stop.Token) : _heard.WaitAsync(_stop.Token));
                busy = Refresh(busy);

                // Hundreds of short commands a second are told of together.
                await Task.Delay(Gap, _time, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon stops.
        }
    }

    /// <summary>Those that have commands now, and those that had some the last time.</summary>
    private HashSet<Slot> Refresh(HashSet<Slot> before)
    {
        HashSet<Slot> now = [.. _table.All.Where(e => !e.IsDeleted && e.Commands > 0).Select(e => e.Slot).OfType<Slot>().Where(s => s.Proc is not null)];
        foreach (Slot slot in now.Union(before))
        {
            slot.Proc?.Refresh(slot);
        }

        return now;
    }
}
