using System.Collections.Concurrent;
using System.Diagnostics;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Api.Tests.Telemetry;

/// <summary>Hears all spans of this process. Other tests make some too, so one asks for those of its own request.</summary>
internal sealed class SpanRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    /// <param name="sample">What the sampler says; all that is recorded unless given.</param>
    public SpanRecorder(SampleActivity<ActivityContext>? sample = null)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Span.SourceName,
            Sample = sample ?? ((ref _) => ActivitySamplingResult.AllDataAndRecorded),
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Those with a request id.</summary>
    public Activity[] Of(string requestId) => [.. _ended.Where(a => a.GetTagItem("sleigh.request_id") as string == requestId)];

    public void Dispose() => _listener.Dispose();
}
