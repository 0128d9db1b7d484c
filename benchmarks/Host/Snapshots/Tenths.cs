using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Snapshots;

/// <summary>How times of one call stand at the beginning and at the end of a long row of them.</summary>
/// <param name="Count">How many are a tenth; at least one.</param>
/// <param name="First">The middle of the first tenth, in milliseconds.</param>
/// <param name="Last">That of the last one.</param>
internal sealed record Tenths(int Count, double First, double Last)
{
    /// <summary>The last to the first; 1: nothing has grown.</summary>
    public double Ratio => First > 0 ? Last / First : 0;

    /// <summary>Of times in the order in which they were taken; there must be one.</summary>
    public static Tenths Of(IReadOnlyList<double> times)
    {
        int count = Math.Max(1, times.Count / 10);
        return new Tenths(count, Middle(times.Take(count)), Middle(times.TakeLast(count)));
    }

    private static double Middle(IEnumerable<double> times)
    {
        var series = new Series("");
        foreach (double time in times)
        {
            series.Add(time);
        }

        return series.Percentile(0.5);
    }
}
