namespace Sleigh.Runtime;

/// <summary>Times the phases of an operation.</summary>
internal sealed class Stopwatch
{
    private readonly long _begin = System.Diagnostics.Stopwatch.GetTimestamp();
    private long _lap = System.Diagnostics.Stopwatch.GetTimestamp();

    /// <summary>Since the last lap.</summary>
    public TimeSpan Lap()
    {
        long now = System.Diagnostics.Stopwatch.GetTimestamp();
        TimeSpan lap = System.Diagnostics.Stopwatch.GetElapsedTime(_lap, now);
        _lap = now;
        return lap;
    }

    /// <summary>Since the beginning.</summary>
    public TimeSpan Total => System.Diagnostics.Stopwatch.GetElapsedTime(_begin);
}
