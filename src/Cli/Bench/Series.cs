using System.Text.Json.Nodes;

namespace Sleigh.Cli.Bench;

/// <summary>Times of one kind of call, in milliseconds.</summary>
internal sealed class Series
{
    private readonly List<double> _values = [];

    public Series(string name) => Name = name;

    /// <summary>What was measured.</summary>
    public string Name { get; }

    /// <summary>How many times.</summary>
    public int Count => _values.Count;

    /// <summary>Adds one.</summary>
    public void Add(double milliseconds) => _values.Add(milliseconds);

    /// <summary>The smallest value that at least <paramref name="share"/> of all values do not exceed (nearest rank); 0 when there are none.</summary>
    public double Percentile(double share)
    {
        if (_values.Count == 0)
        {
            return 0;
        }

        double[] sorted = [.. _values.Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    /// <summary>For a program.</summary>
    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["count"] = Count,
        ["p50_ms"] = Math.Round(Percentile(0.5), 2),
        ["p95_ms"] = Math.Round(Percentile(0.95), 2),
        ["p99_ms"] = Math.Round(Percentile(0.99), 2),
        ["min_ms"] = Math.Round(Percentile(0), 2),
        ["max_ms"] = Math.Round(Percentile(1), 2),
    };
}
