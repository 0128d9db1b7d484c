namespace Sleigh.Network;

/// <summary>A time that no change of the host's clock moves, for what is compared with itself alone.</summary>
internal static class SteadyTime
{
    /// <summary>Now, counted from a moment that means nothing.</summary>
    public static DateTimeOffset Now(TimeProvider time) => DateTimeOffset.UnixEpoch + time.GetElapsedTime(0);
}
