using System.Globalization;

namespace Sleigh.Runtime.Memory;

/// <summary>When a sandbox counts as near its memory limit: endpoint 16 of the contract.</summary>
public static class NearLimit
{
    /// <summary>Share of the limit from which the working set is near it.</summary>
    public const double Share = 0.85;

    /// <summary>The contract's phrase for a working set near the limit; null where it is not. Bytes.</summary>
    public static string? UsageReason(long workingSet, long limit) =>
        limit > 0 && workingSet >= limit * Share ? Usage(workingSet, limit) : null;

    /// <summary>The contract's phrase for a stall share above the threshold; null where it is not. Percent.</summary>
    public static string? StallReason(double someAvg10, double threshold) => someAvg10 >= threshold
        ? $"memory stall {Percent(someAvg10)}% exceeded threshold {Percent(threshold)}%"
        : null;

    private static string Usage(long workingSet, long limit) =>
        $"memory usage {Percent(100.0 * workingSet / limit)}% exceeded threshold {Percent(Share * 100)}%";

    private static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}
