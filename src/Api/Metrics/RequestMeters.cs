using System.Diagnostics.Metrics;
using System.Globalization;

namespace Sleigh.Api.Metrics;

/// <summary>
/// Counts requests and their times by route pattern, method and status. The pattern is ours, never the path; a path that is none of ours and a
/// method that HTTP does not have are one word each, so that no caller can make up new series.
/// </summary>
internal sealed class RequestMeters : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Sleigh.Http";

    /// <summary>The route of what matches none.</summary>
    public const string NoRoute = "none";

    private const int FirstStatus = 100;
    private const int StatusesEnd = 600;

    private static readonly double[] Bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    // Made once: a status costs no text in a request.
    private static readonly string[] Statuses =
        [.. Enumerable.Range(FirstStatus, StatusesEnd - FirstStatus).Select(s => s.ToString(CultureInfo.InvariantCulture))];

    private readonly Meter _meter;
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _times;

    /// <param name="owner">Whose requests; <see cref="MeterTotals"/> of the same owner counts them.</param>
    public RequestMeters(object owner)
    {
        _meter = new Meter(new MeterOptions(Name) { Scope = owner });
        _requests = _meter.CreateCounter<long>("sleigh_http_requests_total", null, "Requests that were answered.");
        _times = _meter.CreateHistogram(
            "sleigh_http_request_seconds", "s", "Time from a request's head to the end of its reply; of a stream, to its end.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Bounds });
    }

    /// <summary>A request has been answered.</summary>
    public void Answered(string? route, string method, int status, TimeSpan took)
    {
        KeyValuePair<string, object?> first = new("route", route ?? NoRoute);
        KeyValuePair<string, object?> second = new("method", Word(method));
        KeyValuePair<string, object?> third = new("status", status is >= FirstStatus and < StatusesEnd ? Statuses[status - FirstStatus] : "none");
        _requests.Add(1, first, second, third);
        _times.Record(took.TotalSeconds, first, second, third);
    }

    public void Dispose() => _meter.Dispose();

    private static string Word(string method) => method switch
    {
        "GET" or "HEAD" or "POST" or "PUT" or "DELETE" or "OPTIONS" or "PATCH" => method,
        _ => "other",
    };
}
