using System.Globalization;

namespace Sleigh.Cgroups;

/// <summary>The file <c>cpu.max</c>: CPU time a cgroup may use in each period.</summary>
/// <param name="Quota">Time in a period; null: no limit.</param>
/// <param name="Period">The period; the kernel's default is 100 ms.</param>
public readonly record struct CpuMax(TimeSpan? Quota, TimeSpan Period)
{
    // The kernel takes quotas of 1 ms and up, and periods of 1 ms to 1 s.
    private static readonly TimeSpan DefaultPeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>A limit as a number of CPUs; null: no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 0.01, or not a number.</exception>
    public static CpuMax OfCpus(double? cpus)
    {
        if (cpus is not { } count)
        {
            return new CpuMax(null, DefaultPeriod);
        }

        return double.IsFinite(count) && count >= 0.01
            ? new CpuMax(DefaultPeriod * count, DefaultPeriod)
            : throw new ArgumentOutOfRangeException(nameof(cpus), count, "a CPU limit is 0.01 or more");
    }

    /// <summary>Reads the file's text: <c>max 100000</c> or <c>50000 100000</c>, in microseconds.</summary>
    /// <exception cref="FormatException">The text is cut off.</exception>
    public static CpuMax Parse(string text)
    {
        string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2 || LimitValue.Parse(words[1]) is not { } period)
        {
            throw new FormatException($"'{text}' is not a quota and a period");
        }

        return new CpuMax(
            LimitValue.Parse(words[0]) is { } quota ? TimeSpan.FromMicroseconds(quota) : null, TimeSpan.FromMicroseconds(period));
    }

    /// <summary>The text that the kernel takes.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{LimitValue.Format(Quota is { } quota ? (long)quota.TotalMicroseconds : null)} {(long)Period.TotalMicroseconds}");
}
