using System.Globalization;

namespace Sleigh.Runtime.Slots;

/// <summary>What the size of the pool is decided by.</summary>
/// <param name="Size">Never fewer: <c>pool.size</c>.</param>
/// <param name="MaxSize">Never more; no more than <paramref name="Size"/>: demand does not count.</param>
/// <param name="Target">What was decided last.</param>
/// <param name="Available">Members ready now.</param>
/// <param name="PeakTakes">The most takes within one <see cref="PoolDemand.Window"/> in the time remembered.</param>
/// <param name="Misses">Takes that found none within the last <see cref="PoolDemand.Window"/>.</param>
/// <param name="SinceChange">Since the target was changed.</param>
internal readonly record struct PoolDemandSample(
    int Size, int MaxSize, int Target, int Available, int PeakTakes, int Misses, TimeSpan SinceChange);

/// <summary>How many members the pool shall have, and why.</summary>
internal readonly record struct PoolDemandDecision(int Target, string Reason);

/// <summary>
/// The rule by which the pool follows demand. It grows at once, when it has run dry, to what was taken within the time in which
/// it can be filled again; it shrinks by one at a time, once no such rush is remembered any more.
/// </summary>
internal static class PoolDemand
{
    /// <summary>Between two steps down.</summary>
    public static readonly TimeSpan ShrinkEvery = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ShortestWindow = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWindow = TimeSpan.FromSeconds(10);

    /// <summary>The time in which some ten members can be made: what is taken within it has to lie ready before.</summary>
    public static TimeSpan Window(TimeSpan meanMake)
    {
        TimeSpan window = meanMake * 10;
        return window < ShortestWindow ? ShortestWindow : window > LongestWindow ? LongestWindow : window;
    }

    /// <summary>Decides.</summary>
    public static PoolDemandDecision Decide(PoolDemandSample sample)
    {
        if (sample.MaxSize <= sample.Size)
        {
            return new PoolDemandDecision(sample.Size, "the size is fixed");
        }

        int target = Math.Clamp(sample.Target, sample.Size, sample.MaxSize);
        int wanted = Math.Clamp(sample.PeakTakes, sample.Size, sample.MaxSize);
        if (wanted > target && (sample.Misses > 0 || sample.Available == 0))
        {
            return new PoolDemandDecision(
                wanted,
                string.Create(CultureInfo.InvariantCulture, $"{sample.PeakTakes} were taken in a short time, {sample.Misses} of the last found none"));
        }

        return wanted < target && sample.SinceChange >= ShrinkEvery
            ? new PoolDemandDecision(target - 1, string.Create(CultureInfo.InvariantCulture, $"at most {sample.PeakTakes} were taken at a time lately"))
            : new PoolDemandDecision(target, "as before");
    }
}
