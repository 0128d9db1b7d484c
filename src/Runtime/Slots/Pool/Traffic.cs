namespace Sleigh.Runtime.Slots;

/// <summary>
/// What callers are waiting for now, so that work which nobody waits for can stand back. Short operations only are counted:
/// starting a command, not its run.
/// </summary>
internal sealed class Traffic(TimeProvider time)
{
    // Callers who work through a list come again at once; a pause this short between two calls is not rest.
    private static readonly TimeSpan Lull = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private int _underWay;
    private int _cold;
    private long _last = time.GetTimestamp() - time.TimestampFrequency;

    /// <summary>Callers that wait for a container of their own.</summary>
    public int ColdWaiting => Volatile.Read(ref _cold);

    /// <summary>Whether a caller waits, or one was answered a moment ago.</summary>
    public bool IsBusy =>
        Volatile.Read(ref _underWay) > 0 || ColdWaiting > 0 || time.GetElapsedTime(Volatile.Read(ref _last)) < Lull;

    /// <summary>A caller's operation begins; it ends with the pass.</summary>
    public Pass Enter() => new(this, cold: false);

    /// <summary>A caller begins to wait for a container start.</summary>
    public Pass EnterCold() => new(this, cold: true);

    /// <summary>Waits until nobody waits, but no longer than the caller has patience.</summary>
    public async Task QuietAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        while (IsBusy && time.GetElapsedTime(begin) < patience)
        {
            await Task.Delay(Look, time, cancellationToken);
        }
    }

    /// <summary>One operation of a caller.</summary>
    internal readonly struct Pass : IDisposable
    {
        private readonly Traffic _traffic;
        private readonly bool _cold;

        public Pass(Traffic traffic, bool cold)
        {
            (_traffic, _cold) = (traffic, cold);
            Interlocked.Increment(ref cold ? ref traffic._cold : ref traffic._underWay);
        }

        public void Dispose()
        {
            _traffic.Touch();
            Interlocked.Decrement(ref _cold ? ref _traffic._cold : ref _traffic._underWay);
        }
    }

    private void Touch() => Volatile.Write(ref _last, time.GetTimestamp());
}
