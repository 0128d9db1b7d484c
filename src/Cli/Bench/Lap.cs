namespace Sleigh.Cli.Bench;

/// <summary>The clock of one round of one subject. A round that warms up is run like every other, and not recorded.</summary>
internal sealed class Lap
{
    private readonly BenchResults _results;
    private readonly TimeProvider _time;
    private readonly string _subject;
    private readonly bool _counts;

    public Lap(BenchResults results, TimeProvider time, string subject, bool counts)
    {
        _results = results;
        _time = time;
        _subject = subject;
        _counts = counts;
    }

    /// <summary>Now, for <see cref="Since"/>.</summary>
    public long Start() => _time.GetTimestamp();

    /// <summary>Milliseconds since then.</summary>
    public double Since(long start) => _time.GetElapsedTime(start).TotalMilliseconds;

    /// <summary>Records a value; null is none.</summary>
    public void Add(string series, double? milliseconds)
    {
        if (_counts && milliseconds is { } value)
        {
            _results.Of(series, _subject).Add(value);
        }
    }

    /// <summary>Times a call from before it is sent until its answer has been read.</summary>
    public async Task<T> TimeAsync<T>(string series, Func<Task<T>> call)
    {
        long start = Start();
        T answer = await call();
        Add(series, Since(start));
        return answer;
    }

    /// <summary>Times a call from before it is sent until its answer has been read.</summary>
    public async Task TimeAsync(string series, Func<Task> call)
    {
        long start = Start();
        await call();
        Add(series, Since(start));
    }
}
