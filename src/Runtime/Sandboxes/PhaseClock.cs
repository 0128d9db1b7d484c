using System.Diagnostics;

namespace Sleigh.Runtime;

/// <summary>Times the phases of an operation.</summary>
internal sealed class PhaseClock
{
    private readonly long _begin = Stopwatch.GetTimestamp();
    private long _lap;

    public PhaseClock() => _lap = _begin;

    /// <summary>Since the last lap.</summary>
    public TimeSpan Lap()
    {
        long now = Stopwatch.GetTimestamp();
        TimeSpan lap = Stopwatch.GetElapsedTime(_lap, now);
        _lap = now;
        return lap;
    }

    /// <summary>From the beginning to the last lap: the sum of all laps.</summary>
    public TimeSpan Lapped => Stopwatch.GetElapsedTime(_begin, _lap);

    /// <summary>Since the beginning.</summary>
    public TimeSpan Total => Stopwatch.GetElapsedTime(_begin);
}
