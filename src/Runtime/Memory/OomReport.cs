using System.Globalization;
using Sleigh.Cgroups.Growth;

namespace Sleigh.Runtime.Memory;

/// <summary>What a caller is told of a command that ran out of memory, or that met its limit and lived: section 7.4 of the contract.</summary>
/// <param name="Killed">Whether the kernel killed a process of the command for memory.</param>
/// <param name="LimitBytes">The limit that was met: the wall at a kill, else the limit at which growth was refused last.</param>
/// <param name="PeakBytes">The most memory the command had; null where the kernel does not tell (before Linux 5.19).</param>
/// <param name="GrowthAttempts">Growth decisions during the command, refused ones included.</param>
/// <param name="Advice">One sentence on what to do.</param>
public sealed record OomReport(bool Killed, long LimitBytes, long? PeakBytes, int GrowthAttempts, string Advice)
{
    private const long MiB = GrowthOptions.MiB;

    /// <summary>The limit in whole MB.</summary>
    internal long LimitMb => LimitBytes / MiB;

    /// <summary>The contract's rule; null: there is nothing to report.</summary>
    /// <param name="finding">What the kernel counted.</param>
    /// <param name="peak">The command's peak.</param>
    /// <param name="slotPeak">The peak of the whole sandbox since it was started.</param>
    /// <param name="span">What was decided meanwhile.</param>
    internal static OomReport? Of(OomFinding finding, long? peak, long? slotPeak, GrowthSpan span)
    {
        if (finding.Killed > 0)
        {
            RefusalCause? refused = span.Growth is [.., { Action: MemoryAction.Refused } last] ? last.Cause : null;
            return new OomReport(
                true, finding.OfHost ? span.WallBytes : LimitMet(span.WallBytes, slotPeak), peak, span.Growth.Count, AdviceOf(finding, refused, span));
        }

        // Who lived had grown in the end, or was done: what counts is the refusal.
        return finding.LimitMet && span.LastRefusal is MemoryRecord refusal
            ? new OomReport(false, refusal.FromMb * MiB, peak, span.Growth.Count, AdviceOf(finding, refusal.Cause, span))
            : null;
    }

    // A growth that came too late has moved the wall by now. At the kill the sandbox had as much as its wall let it have,
    // and it never had more than its highest wall.
    private static long LimitMet(long wall, long? slotPeak) =>
        slotPeak is long peak ? Math.Min(wall, (peak + MiB - 1) / MiB * MiB) : wall;

    private static string AdviceOf(OomFinding finding, RefusalCause? refused, GrowthSpan span)
    {
        if (finding.OfHost || refused == RefusalCause.HostShort)
        {
            return "the host has no memory to give now; wait, delete sandboxes you do not need, then run the command again";
        }

        if (refused == RefusalCause.Ceiling || span.WallBytes >= span.CeilingMb * MiB)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"the ceiling of {span.CeilingMb} MB is reached; use less memory or create a sandbox with a higher memory_ceiling_mb");
        }

        string why = !span.Automatic || refused == RefusalCause.Off ? "automatic growth is off" : "growth was too late";
        return string.Create(
            CultureInfo.InvariantCulture, $"{why}; call memory/expand with target_mb {span.NextLimitMb} or more, then run the command again");
    }
}
