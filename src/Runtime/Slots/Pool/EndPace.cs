namespace Sleigh.Runtime.Slots;

/// <summary>How long the removal of a slot stands back behind callers.</summary>
internal static class EndPace
{
    /// <summary>Removals at once; each keeps about one core busy for some tens of milliseconds.</summary>
    public const int AtOnce = 2;

    /// <summary>Removals at once that somebody waits for.</summary>
    public const int AtOnceHurried = 4;

    private const int Few = 4;
    private const int Many = 16;

    /// <summary>The longer the queue, the less patience: under constant load it must not grow without end.</summary>
    /// <param name="waiting">Slots in the queue.</param>
    public static TimeSpan Patience(int waiting) => waiting switch
    {
        <= Few => TimeSpan.FromSeconds(2),
        <= Many => TimeSpan.FromMilliseconds(300),
        _ => TimeSpan.Zero,
    };
}
