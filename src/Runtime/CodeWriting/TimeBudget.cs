namespace Sleigh.Runtime.CodeWriting;

/// <summary>The time that one call may take in all, from now on.</summary>
internal sealed class TimeBudget(TimeSpan limit, TimeProvider time)
{
    private readonly long _begin = time.GetTimestamp();

    /// <summary>Since the beginning.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_begin);

    /// <summary>What is left; never negative.</summary>
    public TimeSpan Remaining => limit - Elapsed is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    /// <summary>Cancelled when nothing is left.</summary>
    public CancellationTokenSource Limit() => new(Remaining, time);
}
