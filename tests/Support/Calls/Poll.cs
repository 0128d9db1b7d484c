using System.Diagnostics;
using Xunit;

namespace Sleigh.TestSupport;

/// <summary>Waits with an end for what takes a moment.</summary>
public static class Poll
{
    // A longer step is time in which the machine stood still, or had others to serve: it says nothing of what is waited for.
    private const double LongestStep = 0.5;
    private const int MostStretched = 5;

    /// <summary>
    /// Asks every few milliseconds until the answer is yes; fails with the text when it is not in time. A step counts for half a second at
    /// most, so that a machine that stands still for a while fails no test.
    /// </summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, int seconds, Func<string> otherwise)
    {
        long begin = Stopwatch.GetTimestamp();
        long step = begin;
        double counted = 0;
        while (!await condition())
        {
            counted += Math.Min(Stopwatch.GetElapsedTime(step).TotalSeconds, LongestStep);
            step = Stopwatch.GetTimestamp();
            double byTheClock = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            if (counted >= seconds || byTheClock >= seconds * MostStretched)
            {
                Assert.Fail($"not within {seconds} s ({byTheClock:F1} s by the clock): {otherwise()}");
            }

            await Task.Delay(10);
        }
    }

    public static Task UntilAsync(Func<bool> condition, int seconds, Func<string> otherwise) =>
        UntilAsync(() => Task.FromResult(condition()), seconds, otherwise);
}
