namespace Sleigh.VmTests.Scenarios.Memory;

/// <summary>Measured values in order.</summary>
internal sealed class Figures(IEnumerable<double> values)
{
    private readonly double[] _sorted = [.. values.Order()];

    public int Count => _sorted.Length;

    public double Least => _sorted[0];

    public double Median => At(0.5);

    /// <summary>The value that this share of all do not pass.</summary>
    public double At(double share) => _sorted[(int)Math.Ceiling((share * _sorted.Length) - 1e-9) - 1];

    /// <summary>One line for people.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Count} figures, least {Least:F1}, median {Median:F1}, p90 {At(0.9):F1}, p99 {At(0.99):F1}, most {_sorted[^1]:F1}");
}
