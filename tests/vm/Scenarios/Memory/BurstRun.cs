using System.Globalization;

namespace Sleigh.VmTests.Scenarios.Memory;

/// <summary>What tests/vm/burst.c printed. Milliseconds, by the machine's clock.</summary>
/// <param name="BaseMs">Touching the base.</param>
/// <param name="RampMs">Growing from the base to the peak.</param>
/// <param name="WallMs">Both, with the hold and the release.</param>
/// <param name="LongestMs">The longest that one MB took.</param>
internal sealed record BurstRun(double BaseMs, double RampMs, double WallMs, double LongestMs)
{
    /// <summary>Every line of bursts in an output.</summary>
    public static BurstRun[] AllOf(string output) =>
        [.. output.Split('\n').Where(line => line.StartsWith("base_ms=", StringComparison.Ordinal)).Select(Of)];

    /// <summary>The one line of an output.</summary>
    public static BurstRun Of(string line)
    {
        Dictionary<string, double> figures = line.Trim().Split(' ').Select(part => part.Split('='))
            .ToDictionary(part => part[0], part => double.Parse(part[1], CultureInfo.InvariantCulture));
        return new BurstRun(figures["base_ms"], figures["ramp_ms"], figures["wall_ms"], figures["longest_ms"]);
    }
}
