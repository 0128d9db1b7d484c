using System.Globalization;
using Sleigh.Benchmarks.Host.Parts;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Http;

/// <summary>Figures beside what they may be at most; one above is a failure of the run.</summary>
internal sealed class Bounds
{
    public const string Ours = "sleigh";

    private readonly BenchResults _results;
    private readonly List<Figure> _figures = [];

    public Bounds(BenchResults results) => _results = results;

    /// <summary>What was held against a bound.</summary>
    public IReadOnlyList<Figure> Figures => _figures;

    /// <summary>A percentile of a series, in milliseconds.</summary>
    public void Percentile(string series, double share, double most)
    {
        if (_results.Find(series, Ours) is { } found)
        {
            AtMost(string.Create(CultureInfo.InvariantCulture, $"{series}: p{share * 100:0}"), "ms", found.Percentile(share), most);
        }
    }

    /// <summary>A figure without a bound.</summary>
    public void Note(string name, string unit, double value) => _figures.Add(new Figure(name, unit, Ours, value));

    /// <summary>Any figure.</summary>
    public void AtMost(string name, string unit, double value, double most)
    {
        _figures.Add(new Figure(string.Create(CultureInfo.InvariantCulture, $"{name} (at most {most})"), unit, Ours, value));
        if (value > most)
        {
            _results.Fail(name, Ours, string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {unit}, where {most} is the most"));
        }
    }
}
