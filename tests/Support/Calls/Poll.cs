using System.Diagnostics;
using Xunit;

namespace Sleigh.TestSupport;

/// <summary>Waits with an end for what takes a moment.</summary>
public static class Poll
{
    /// <summary>Asks every few milliseconds until the answer is yes; fails with the text when it is not in time.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, int seconds, Func<string> otherwise)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds, $"not within {seconds} s: {otherwise()}");
            await Task.Delay(10);
        }
    }

    public static Task UntilAsync(Func<bool> condition, int seconds, Func<string> otherwise) =>
        UntilAsync(() => Task.FromResult(condition()), seconds, otherwise);
}
