namespace Sleigh.Cgroups;

/// <summary>The file <c>cpu.stat</c>. The first three figures exist without the cpu controller.</summary>
/// <param name="Usage">CPU time used.</param>
/// <param name="User">Part of it in programs.</param>
/// <param name="System">Part of it in the kernel.</param>
/// <param name="Throttled">Time held back by cpu.max; null without the cpu controller.</param>
/// <param name="Periods">Periods of cpu.max in which something ran (<c>nr_periods</c>); null without the cpu controller.</param>
/// <param name="ThrottledPeriods">Those of them in which something was held back (<c>nr_throttled</c>); null without the cpu controller.</param>
public readonly record struct CpuStat(TimeSpan Usage, TimeSpan User, TimeSpan System, TimeSpan? Throttled, long? Periods = null, long? ThrottledPeriods = null)
{
    /// <summary>Share of the periods in which something was held back, 0 to 1; null without the cpu controller.</summary>
    public double? ThrottledShare => Periods is not long periods ? null : periods == 0 ? 0 : (double)(ThrottledPeriods ?? 0) / periods;

    /// <summary>Reads the file's text. Unknown lines are skipped.</summary>
    /// <exception cref="FormatException">There is no <c>usage_usec</c>, <c>user_usec</c> or <c>system_usec</c> line.</exception>
    public static CpuStat Parse(string text)
    {
        FlatKeyed values = FlatKeyed.Parse(text);
        return new CpuStat(
            TimeSpan.FromMicroseconds(values["usage_usec"]),
            TimeSpan.FromMicroseconds(values["user_usec"]),
            TimeSpan.FromMicroseconds(values["system_usec"]),
            values.Find("throttled_usec") is { } usec ? TimeSpan.FromMicroseconds(usec) : null,
            values.Find("nr_periods"),
            values.Find("nr_throttled"));
    }
}
