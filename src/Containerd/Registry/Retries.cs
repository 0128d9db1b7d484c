namespace Sleigh.Containerd;

/// <summary>Counts tries without progress, and says how long to wait before the next.</summary>
internal sealed class Retries
{
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(60);

    private readonly int _most;
    private readonly TimeSpan _firstPause;
    private int _failed;

    /// <param name="most">Tries, the first included.</param>
    /// <param name="firstPause">The pause after the first failure.</param>
    public Retries(int most, TimeSpan firstPause)
    {
        _most = most;
        _firstPause = firstPause;
    }

    /// <summary>There was progress: the try that is under way is none of those without.</summary>
    public void Reset() => _failed = -1;

    /// <summary>One more failure.</summary>
    /// <param name="asked">How long the server asks to wait.</param>
    /// <returns>The pause, or null to give up.</returns>
    public TimeSpan? Next(TimeSpan? asked)
    {
        if (++_failed >= _most)
        {
            return null;
        }

        TimeSpan pause = _firstPause * Math.Pow(2, Math.Max(0, _failed - 1));
        pause = asked is { } a && a > pause ? a : pause;
        return pause < MaxPause ? pause : MaxPause;
    }
}
