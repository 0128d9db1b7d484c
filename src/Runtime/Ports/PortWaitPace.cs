namespace Sleigh.Runtime;

/// <summary>How long a wait for a server sleeps between two looks: short at first, for servers that start at once, then ever longer.</summary>
internal sealed class PortWaitPace
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(250);

    private TimeSpan _next = TimeSpan.FromMilliseconds(2);

    /// <summary>The next pause: 2 ms, then half as long again each time, up to 250 ms.</summary>
    public TimeSpan Next()
    {
        TimeSpan now = _next;
        _next = now * 1.5 < Longest ? now * 1.5 : Longest;
        return now;
    }
}
