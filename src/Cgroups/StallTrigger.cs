using Sleigh.Linux;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <summary>When the kernel is to tell of stalls: tasks were stalled for the threshold within the window.</summary>
/// <param name="Threshold">Stalled time, at most the window.</param>
/// <param name="Window">The window; the kernel tells at most once in each.</param>
/// <param name="Limitation">One sentence on why it is not what was asked for; null: it is.</param>
public sealed record StallTrigger(TimeSpan Threshold, TimeSpan Window, string? Limitation)
{
    private const string MemoryFile = "/proc/pressure/memory";

    /// <summary>
    /// Finds what the kernel allows this process, by trying it on the host's own memory pressure: the trigger as asked, or, without
    /// CAP_SYS_RESOURCE, the same share of the next window that is a multiple of 2 s (Linux 6.5).
    /// </summary>
    /// <param name="threshold">More than nothing and at most the window.</param>
    /// <param name="window">From 500 ms to 10 s.</param>
    /// <returns>Null: the kernel has no PSI, it is switched off, or this process may make no triggers at all.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The kernel would take neither from anybody.</exception>
    public static StallTrigger? Choose(TimeSpan threshold, TimeSpan window) =>
        Choose(threshold, window, (stalled, within) => PressureTrigger.Try(MemoryFile, stalled, within));

    internal static StallTrigger? Choose(TimeSpan threshold, TimeSpan window, Func<TimeSpan, TimeSpan, Errno> attempt)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, PressureTrigger.ShortestWindow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(window, PressureTrigger.LongestWindow);
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, TimeSpan.FromMicroseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threshold, window);
        if (attempt(threshold, window) is Errno.None)
        {
            return new StallTrigger(threshold, window, null);
        }

        TimeSpan allowed = PressureTrigger.UnprivilegedStep * Math.Ceiling(window / PressureTrigger.UnprivilegedStep);
        TimeSpan scaled = threshold * (allowed / window);
        return attempt(scaled, allowed) is Errno.None
            ? new StallTrigger(scaled, allowed, string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"stalls are watched over {allowed.TotalMilliseconds:0} ms and not over {window.TotalMilliseconds:0} ms, because without CAP_SYS_RESOURCE the kernel takes multiples of 2 s only"))
            : null;
    }
}
