namespace Sleigh.Runtime;

/// <summary>When a delivery is tried: at once, then four times more with growing pauses. Pure.</summary>
internal static class WebhookPace
{
    /// <summary>Tries in all.</summary>
    public const int Tries = 5;

    /// <summary>How long one try may take.</summary>
    public static readonly TimeSpan TryLimit = TimeSpan.FromSeconds(8);

    // Of the contract's 20 %, the rest is for the time between a timer and the first byte.
    private const double Spread = 0.15;

    private static readonly double[] Seconds = [0.5, 1.5, 4, 10];

    /// <summary>The longest pause there is.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromSeconds(Seconds[^1] * (1 + Spread));

    /// <summary>From the end of a try to the next; null behind the last.</summary>
    /// <param name="attempt">The number of the try that has ended, from 1 on.</param>
    /// <param name="random">From 0 to 1: spreads tries that failed together.</param>
    public static TimeSpan? After(int attempt, double random) =>
        attempt >= Tries ? null : TimeSpan.FromSeconds(Seconds[Math.Max(attempt, 1) - 1] * (1 - Spread + (2 * Spread * random)));
}
