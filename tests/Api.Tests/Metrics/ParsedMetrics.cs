using System.Globalization;
using System.Text.RegularExpressions;

namespace Sleigh.Api.Tests.Metrics;

/// <summary>
/// A strict reader of the text format 0.0.4: what a lenient one would forgive fails here. Families may not come twice or mixed, each has help
/// and a type before its samples, no series comes twice, histograms are whole and only grow from bucket to bucket.
/// </summary>
internal sealed partial class ParsedMetrics
{
    private readonly Dictionary<string, string> _types = [];
    private readonly Dictionary<string, double> _samples = [];

    public ParsedMetrics(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', text);
        string? family = null;
        string? helped = null;
        foreach (string line in text[..^1].Split('\n'))
        {
            Assert.NotEqual("", line);
            if (HelpLine().Match(line) is { Success: true } help)
            {
                helped = help.Groups["name"].Value;
                Assert.DoesNotContain(helped, _types.Keys);
            }
            else if (TypeLine().Match(line) is { Success: true } type)
            {
                family = type.Groups["name"].Value;
                Assert.Equal(helped, family);
                _types.Add(family, type.Groups["type"].Value);
            }
            else
            {
                Match sample = SampleLine().Match(line);
                Assert.True(sample.Success, $"'{line}' is no sample");
                Assert.Equal(family, Family(sample.Groups["name"].Value));
                Assert.True(_samples.TryAdd(sample.Groups["series"].Value, Number(sample.Groups["value"].Value)), $"'{line}' comes twice");
                string[] names = [.. LabelPair().Matches(sample.Groups["labels"].Value).Select(m => m.Groups["name"].Value)];
                Assert.Equal(names.Distinct(), names);
            }
        }

        foreach ((string name, string kind) in _types)
        {
            Assert.Equal(kind == "counter", name.EndsWith("_total", StringComparison.Ordinal));
            if (kind == "histogram")
            {
                CheckHistogram(name);
            }
        }
    }

    public IReadOnlyDictionary<string, string> Types => _types;

    public IReadOnlyCollection<string> Series => _samples.Keys;

    public double this[string series] => _samples.TryGetValue(series, out double value) ? value : throw new KeyNotFoundException($"no series {series}");

    /// <summary>The bounds and counts of a histogram's series, without +Inf.</summary>
    public (string Bound, double Count)[] Buckets(string name, string labels) =>
    [
        .. _samples.Where(s => s.Key.StartsWith($"{name}_bucket{{{Before(labels)}le=", StringComparison.Ordinal))
            .Select(s => (s.Key.Split("le=\"")[1].Split('"')[0], s.Value)).Where(b => b.Item1 != "+Inf"),
    ];

    private string Family(string sample)
    {
        foreach (string ending in (string[])["_bucket", "_sum", "_count"])
        {
            if (sample.EndsWith(ending, StringComparison.Ordinal) && _types.GetValueOrDefault(sample[..^ending.Length]) == "histogram")
            {
                return sample[..^ending.Length];
            }
        }

        return sample;
    }

    private void CheckHistogram(string name)
    {
        foreach (string count in _samples.Keys.Where(s => s.StartsWith(name + "_count", StringComparison.Ordinal)))
        {
            string labels = count[(name.Length + "_count".Length)..].Trim('{', '}');
            (string Bound, double Count)[] buckets = Buckets(name, labels);
            Assert.NotEmpty(buckets);
            Assert.Equal(buckets.Select(b => Number(b.Bound)).Order(), buckets.Select(b => Number(b.Bound)));
            Assert.Equal(buckets.Select(b => b.Count).Order(), buckets.Select(b => b.Count));
            Assert.True(buckets[^1].Count <= this[count]);
            Assert.Equal(this[count], this[$"{name}_bucket{{{Before(labels)}le=\"+Inf\"}}"]);
            _ = this[labels.Length == 0 ? $"{name}_sum" : $"{name}_sum{{{labels}}}"];
        }
    }

    private static string Before(string labels) => labels.Length == 0 ? "" : labels + ",";

    private static double Number(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A# HELP (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<text>([^\\\n]|\\\\|\\n)+)\z")]
    private static partial Regex HelpLine();

    [GeneratedRegex(@"\A# TYPE (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<type>counter|gauge|histogram)\z")]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"\A(?<series>(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>[a-zA-Z_][a-zA-Z0-9_]*=""([^""\\\n]|\\\\|\\""|\\n)*""(,[a-zA-Z_][a-zA-Z0-9_]*=""([^""\\\n]|\\\\|\\""|\\n)*"")*)\})?) (?<value>[+-]?([0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?|Inf|NaN))\z")]
    private static partial Regex SampleLine();

    [GeneratedRegex(@"(?<name>[a-zA-Z_][a-zA-Z0-9_]*)=""([^""\\]|\\.)*""")]
    private static partial Regex LabelPair();
}
