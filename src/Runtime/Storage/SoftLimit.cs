using Sleigh.Overlay;

namespace Sleigh.Runtime;

/// <summary>
/// The disk limit of a layer that the kernel does not hold: what was seen of it, and when it is to be looked at again. The methods may be called from several
/// threads.
/// </summary>
/// <param name="limitBytes">The most the layer shall hold.</param>
internal sealed class SoftLimit(long limitBytes) : IDisposable
{
    /// <summary>The shortest time between two looks.</summary>
    internal static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    /// <summary>The longest, while something may be writing.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    // A look takes at most this part of the time.
    private const int Share = 10;

    private readonly Lock _lock = new();
    private CancellationTokenSource _over = new();
    private long? _used;
    private TimeSpan? _busyThen;
    private DateTimeOffset _next = DateTimeOffset.MinValue;
    private bool _isLooking;
    private int _writers;
    private long _unseen;
    private long _placed;
    private long _seen;

    /// <summary>The most the layer shall hold.</summary>
    public long LimitBytes => limitBytes;

    /// <summary>What it held at the last look; null: nobody has looked yet.</summary>
    public long? UsedBytes
    {
        get
        {
            lock (_lock)
            {
                return _used;
            }
        }
    }

    /// <summary>Whether it was over the limit at the last look.</summary>
    public bool IsOver => UsedBytes >= limitBytes;

    /// <summary>Whether it would be more than the limit once all is in place that is being written from outside.</summary>
    public bool WouldBeOver => ExpectedBytes > limitBytes;

    /// <summary>What the last look found, and all that has been written from outside and that it cannot have seen.</summary>
    public long ExpectedBytes
    {
        get
        {
            lock (_lock)
            {
                return (_used ?? 0) + _unseen + _placed - _seen;
            }
        }
    }

    /// <summary>All that was placed so far; to be read before a look, for <see cref="Found"/>.</summary>
    public long PlacedBytes
    {
        get
        {
            lock (_lock)
            {
                return _placed;
            }
        }
    }

    /// <summary>Whether it must be looked at before something is let in: a tenth of the limit or less is left, or nobody knows.</summary>
    public bool IsNear => UsedBytes is not long used || used >= limitBytes - (limitBytes / 10);

    /// <summary>Ends with the next look that finds it over the limit.</summary>
    public CancellationToken Over
    {
        get
        {
            lock (_lock)
            {
                return _over.Token;
            }
        }
    }

    /// <summary>What the kernel would say of it.</summary>
    public LayerUse Use => new(UsedBytes ?? 0, null, 0, limitBytes) { IsSoft = true };

    /// <summary>Counts what is being written to a file that no look can see yet.</summary>
    public void Grow(long bytes)
    {
        lock (_lock)
        {
            _unseen += bytes;
        }
    }

    /// <summary>Of what was counted, so much can be seen from now on.</summary>
    public void Place(long bytes)
    {
        lock (_lock)
        {
            _unseen -= bytes;
            _placed += bytes;
        }
    }

    /// <summary>Of what was counted, so much is gone again.</summary>
    public void Drop(long bytes)
    {
        lock (_lock)
        {
            _unseen -= bytes;
        }
    }

    /// <summary>Counts a writer in that is no process of the sandbox; dispose the result when it is done.</summary>
    public void BeginWrite() => Interlocked.Increment(ref _writers);

    /// <summary>Counts it out: what it wrote is looked at.</summary>
    public void EndWrite()
    {
        lock (_lock)
        {
            _busyThen = null;
            _next = DateTimeOffset.MinValue;
        }

        Interlocked.Decrement(ref _writers);
    }

    /// <summary>
    /// Whether a look is due, which the caller then makes: it is time, and since the last look the sandbox's processes have run or somebody writes from outside.
    /// What has not run has not written.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="busy">CPU time of the sandbox's processes so far; null: not known.</param>
    public bool TryBegin(DateTimeOffset now, TimeSpan? busy)
    {
        lock (_lock)
        {
            bool mayHaveChanged = _used is null || _busyThen is null || busy is null || busy != _busyThen || Volatile.Read(ref _writers) > 0;
            if (_isLooking || now < _next || !mayHaveChanged)
            {
                return false;
            }

            _isLooking = true;
            _busyThen = busy;
            return true;
        }
    }

    /// <summary>Ends a look that found something out.</summary>
    /// <param name="used">What the layer holds.</param>
    /// <param name="now">The time.</param>
    /// <param name="took">How long the look took.</param>
    /// <param name="placed"><see cref="PlacedBytes"/> when it began.</param>
    public void Found(long used, DateTimeOffset now, TimeSpan took, long placed = 0)
    {
        CancellationTokenSource? ended = null;
        lock (_lock)
        {
            _isLooking = false;
            if (placed >= _seen)
            {
                // Not by a look that began before the one that is known.
                (_used, _seen) = (used, placed);
            }

            TimeSpan pause = took * (Share - 1);
            _next = now + (pause < Shortest ? Shortest : pause > Longest ? Longest : pause);
            if (used >= limitBytes)
            {
                (ended, _over) = (_over, new CancellationTokenSource());
            }
        }

        ended?.Cancel();
        ended?.Dispose();
    }

    /// <summary>Ends a look that found nothing out; the next is made after the shortest time.</summary>
    public void Failed(DateTimeOffset now)
    {
        lock (_lock)
        {
            _isLooking = false;
            _busyThen = null;
            _next = now + Shortest;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _over.Dispose();
}
