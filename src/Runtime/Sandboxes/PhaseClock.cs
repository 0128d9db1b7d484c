using System.Diagnostics;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Runtime;

/// <summary>Times the phases of an operation, and writes those that have a name into its trace.</summary>
internal sealed class PhaseClock
{
    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly Span? _span;
    private long _lap;

    /// <summary>Starts now.</summary>
    /// <param name="span">The operation, begun just before; null: it is not traced.</param>
    public PhaseClock(Span? span = null) => (_span, _lap) = (span, _begin);

    /// <summary>Since the last lap.</summary>
    /// <param name="name">The phase's name in the trace; null: it has none.</param>
    public TimeSpan Lap(string? name = null)
    {
        long now = Stopwatch.GetTimestamp();
        TimeSpan lap = Stopwatch.GetElapsedTime(_lap, now);
        if (_span is not null && name is not null)
        {
            _span.Phase(name, _span.Began + Stopwatch.GetElapsedTime(_begin, _lap), _span.Began + Stopwatch.GetElapsedTime(_begin, now));
        }

        _lap = now;
        return lap;
    }

    /// <summary>From the beginning to the last lap: the sum of all laps.</summary>
    public TimeSpan Lapped => Stopwatch.GetElapsedTime(_begin, _lap);

    /// <summary>Since the beginning.</summary>
    public TimeSpan Total => Stopwatch.GetElapsedTime(_begin);
}
