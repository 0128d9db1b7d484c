using System.Globalization;
using Sleigh.Cgroups;

namespace Sleigh.Runtime.Memory;

/// <summary>How the daemon hears that a sandbox needs memory, in words.</summary>
internal static class MemorySignals
{
    /// <summary>One sentence, without a full stop.</summary>
    /// <param name="unavailable">Why limits do not grow here; null: they do.</param>
    /// <param name="stalls">How stalls are heard of; null: not at all.</param>
    public static string Describe(string? unavailable, StallTrigger? stalls) => (unavailable, stalls) switch
    {
        (not null, _) => unavailable,
        (_, null) => "memory.events alone: the kernel gives no pressure figures (PSI is not built in, is switched off by psi=0, or may not be watched)",
        (_, { Limitation: null } s) => $"memory.events, and stalls of {Ms(s.Threshold)} ms in {Ms(s.Window)} ms",
        (_, { } s) => $"memory.events, and stalls of {Ms(s.Threshold)} ms in {Ms(s.Window)} ms; {s.Limitation}",
    };

    private static string Ms(TimeSpan time) => time.TotalMilliseconds.ToString("0.#", CultureInfo.InvariantCulture);
}
