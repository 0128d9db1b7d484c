namespace Sleigh.Runtime.Slots;

/// <summary>What is looked at before a member is made for the pool.</summary>
/// <param name="ColdWaiting">Callers that wait for a container start of their own.</param>
/// <param name="IsBusy">Whether any caller waits for something.</param>
/// <param name="Making">Members being made.</param>
/// <param name="Available">Members ready.</param>
/// <param name="Cores">Logical cores.</param>
/// <param name="MemoryShare">Available share of the host's memory.</param>
/// <param name="LastMake">How long the last one took.</param>
/// <param name="SinceMake">Since it was done.</param>
internal readonly record struct RefillSample(
    int ColdWaiting, bool IsBusy, int Making, int Available, int Cores, double MemoryShare, TimeSpan LastMake, TimeSpan SinceMake);

/// <summary>Start one now, or look again after a while.</summary>
internal abstract record RefillDecision
{
    private RefillDecision()
    {
    }

    /// <summary>Make one.</summary>
    internal sealed record Start : RefillDecision;

    /// <summary>Not now.</summary>
    internal sealed record Wait(TimeSpan Time, string Reason) : RefillDecision;

    /// <summary>The host is short of memory; none is made until it is not.</summary>
    internal sealed record MemoryLow(TimeSpan Time) : RefillDecision;
}

/// <summary>When a member may be made: callers go first, and the host's memory is left alone when it is short.</summary>
internal static class RefillPace
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MemoryLook = TimeSpan.FromSeconds(5);

    /// <summary>Decides.</summary>
    public static RefillDecision Decide(RefillSample sample)
    {
        if (sample.MemoryShare < HostGuard.ConfirmBelow)
        {
            return new RefillDecision.MemoryLow(MemoryLook);
        }

        if (sample.ColdWaiting > 0)
        {
            return new RefillDecision.Wait(Soon, "callers wait for containers of their own");
        }

        // A container start keeps about one core busy.
        if (sample.Making >= (sample.IsBusy ? 1 : Math.Max(1, sample.Cores)))
        {
            return new RefillDecision.Wait(Soon, "enough are being made");
        }

        TimeSpan pause = sample.LastMake < LongestPause ? sample.LastMake : LongestPause;
        return sample.IsBusy && sample.Available > 0 && sample.SinceMake < pause
            ? new RefillDecision.Wait(pause - sample.SinceMake, "callers have the host to themselves between two")
            : new RefillDecision.Start();
    }
}
