using System.Diagnostics.Metrics;
using System.Globalization;

namespace Sleigh.Api.Metrics;

/// <summary>What one instrument has counted, a series for each set of its tags.</summary>
internal sealed class MeterFamily
{
    // 0.5 ms to 1 s: what lies between a kernel's notification and a written limit.
    private static readonly double[] DefaultBuckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1];

    private readonly Lock _lock = new();
    private readonly Dictionary<TagValues, Series> _series = [];
    private readonly string _help;
    private readonly double[]? _buckets;

    private MeterFamily(Instrument instrument, IReadOnlyList<double>? buckets) =>
        (Name, _help, _buckets) = (instrument.Name, instrument.Description ?? "", buckets is null ? null : [.. buckets]);

    /// <summary>The metric's name.</summary>
    public string Name { get; }

    /// <summary>The family of a counter or histogram of longs or doubles; null for other kinds. A histogram's own bounds are taken where it has some.</summary>
    public static MeterFamily? Of(Instrument instrument) => instrument switch
    {
        Counter<long> or Counter<double> => new MeterFamily(instrument, null),
        Histogram<double> histogram => new MeterFamily(instrument, histogram.Advice?.HistogramBucketBoundaries ?? DefaultBuckets),
        _ => null,
    };

    /// <summary>Takes in one measurement.</summary>
    public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        TagValues key = TagValues.Of(tags);
        lock (_lock)
        {
            if (!_series.TryGetValue(key, out Series? series))
            {
                _series[key] = series = new Series(Labels(tags), _buckets?.Length ?? 0);
            }

            series.Count++;
            series.Sum += value;
            for (int i = series.Within.Length - 1; i >= 0 && value <= _buckets![i]; i--)
            {
                series.Within[i]++;
            }
        }
    }

    /// <summary>Writes all series as they are at one moment.</summary>
    public void Write(MetricsText text)
    {
        text.Family(Name, _buckets is null ? "counter" : "histogram", _help);
        lock (_lock)
        {
            foreach (Series series in _series.Values.OrderBy(s => s.Labels, StringComparer.Ordinal))
            {
                string labels = series.Labels;
                if (_buckets is null)
                {
                    text.Sample(Name, labels, series.Sum);
                    continue;
                }

                for (int i = 0; i < _buckets.Length; i++)
                {
                    text.Sample(Name + "_bucket", MetricsText.Join(labels, MetricsText.Label("le", _buckets[i].ToString(CultureInfo.InvariantCulture))), series.Within[i]);
                }

                text.Sample(Name + "_bucket", MetricsText.Join(labels, MetricsText.Label("le", "+Inf")), series.Count);
                text.Sample(Name + "_sum", labels, series.Sum);
                text.Sample(Name + "_count", labels, series.Count);
            }
        }
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = "";
        foreach ((string name, object? value) in tags)
        {
            labels = MetricsText.Join(labels, MetricsText.Label(name, Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
        }

        return labels;
    }

    private sealed class Series(string labels, int buckets)
    {
        /// <summary>As they are written.</summary>
        public string Labels { get; } = labels;

        public long Count { get; set; }

        public double Sum { get; set; }

        /// <summary>How many measurements were at most each bucket's bound.</summary>
        public long[] Within { get; } = new long[buckets];
    }
}
