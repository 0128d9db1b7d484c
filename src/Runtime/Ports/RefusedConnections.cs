namespace Sleigh.Runtime;

/// <summary>
/// Tells of connections to a TCP port that were refused for want of room or by a fault of the host: over the connection itself nothing can be said.
/// At most once a minute, with their number since the last time. That nothing listens is no news.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="tell">Gets their number and the latest reason.</param>
internal sealed class RefusedConnections(TimeProvider time, Action<int, RuntimeException> tell)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long? _told;
    private int _count;

    /// <summary>Notes the end of a connection.</summary>
    /// <param name="why">Why it did not get into the sandbox; null: it did, or its caller had gone.</param>
    public void Note(Exception? why)
    {
        if (why is not RuntimeException { Kind: ErrorKind.QuotaExceeded or ErrorKind.PortUnreachable } reason)
        {
            return;
        }

        int count;
        lock (_lock)
        {
            _count++;
            if (_told is long before && time.GetElapsedTime(before) < Pause)
            {
                return;
            }

            (count, _count, _told) = (_count, 0, time.GetTimestamp());
        }

        tell(count, reason);
    }
}
