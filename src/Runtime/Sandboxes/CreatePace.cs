namespace Sleigh.Runtime;

/// <summary>
/// How fast each session may make sandboxes: a bucket that holds a minute's number and fills evenly. A fork of more than a bucket holds
/// waits for a full one and leaves a debt. Safe for use by several threads.
/// </summary>
internal sealed class CreatePace
{
    private const int LookAfter = 256;

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<SessionId, (double Tokens, long Time)> _buckets = [];

    public CreatePace(TimeProvider time) => _time = time;

    /// <summary>How many sessions have made something lately.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _buckets.Count;
            }
        }
    }

    /// <summary>Takes as many as are about to be made.</summary>
    /// <param name="session">Who makes them.</param>
    /// <param name="count">How many.</param>
    /// <param name="perMinute">The limit in force; null: none.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.RateLimited"/>, with the time until it would be granted.</exception>
    public void Take(SessionId session, int count, int? perMinute)
    {
        if (perMinute is not int limit)
        {
            return;
        }

        lock (_lock)
        {
            long now = _time.GetTimestamp();
            if (_buckets.Count >= LookAfter)
            {
                ForgetFull(now, limit);
            }

            double tokens = TokensOf(session, now, limit);
            double missing = Math.Min(count, limit) - tokens;
            if (missing > 0.000001)
            {
                throw TooFast(limit, TimeSpan.FromMinutes(missing / limit));
            }

            _buckets[session] = (tokens - count, now);
        }
    }

    private static RuntimeException TooFast(int limit, TimeSpan wait)
    {
        long seconds = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds));
        return new RuntimeException(ErrorKind.RateLimited, $"the session may make {limit} sandboxes per minute; try again in {seconds} s")
        {
            Hint = "wait as long as Retry-After says, then send the same request again",
            RetryAfter = TimeSpan.FromSeconds(seconds),
        };
    }

    private double TokensOf(SessionId session, long now, int limit) => _buckets.TryGetValue(session, out (double Tokens, long Time) bucket)
        ? Math.Min(limit, bucket.Tokens + (_time.GetElapsedTime(bucket.Time, now).TotalMinutes * limit))
        : limit;

    // A full bucket is as good as none.
    private void ForgetFull(long now, int limit)
    {
        foreach (SessionId session in _buckets.Keys.Where(s => TokensOf(s, now, limit) >= limit).ToArray())
        {
            _buckets.Remove(session);
        }
    }
}
