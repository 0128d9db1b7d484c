namespace Sleigh.Benchmarks.Host.Report;

/// <summary>One ratio of this run beside the baseline's.</summary>
/// <param name="Name">The series.</param>
/// <param name="Before">The baseline's ratio of our p50 to Docker's.</param>
/// <param name="Now">This run's; null: not measured.</param>
/// <param name="Verdict"><c>better</c>, <c>worse</c>, <c>same</c> or <c>not measured</c>.</param>
internal sealed record Comparison(string Name, double Before, double? Now, string Verdict)
{
    /// <summary>The rule: within <paramref name="tolerance"/> (0.25: a quarter) of the baseline is the same.</summary>
    public static Comparison Of(string name, double before, double? now, double tolerance) => new(
        name,
        before,
        now,
        now is not { } ratio ? "not measured"
        : ratio > before * (1 + tolerance) ? "worse"
        : ratio < before / (1 + tolerance) ? "better"
        : "same");
}
