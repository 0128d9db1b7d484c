namespace Sleigh.Runtime;

/// <summary>How many connections into sandboxes the daemon holds at once: each takes two of its descriptors, and the rest of it needs some too.</summary>
internal sealed class ConnectionBudget(int most)
{
    private const int DescriptorsOfOne = 2;
    private const int LargestMost = 65_536;

    private int _open;

    /// <summary>The most at once.</summary>
    public int Most { get; } = most;

    /// <summary>Those that take up half of a limit of descriptors, at most 65536.</summary>
    public static ConnectionBudget Of(ulong descriptors) => new((int)Math.Min(descriptors / 2 / DescriptorsOfOne, LargestMost));

    /// <summary>Takes a place; false when there are as many as there may be.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= Most)
        {
            return true;
        }

        Interlocked.Decrement(ref _open);
        return false;
    }

    /// <summary>Gives one back.</summary>
    public void Leave() => Interlocked.Decrement(ref _open);
}
