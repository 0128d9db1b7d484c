using Sleigh.Api.Errors;
using Sleigh.Runtime;

namespace Sleigh.Api.Streams;

/// <summary>Counts the streams each session holds open. The administrator's session has no limit.</summary>
internal sealed class StreamQuota
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SessionId, int> _open = [];

    /// <summary>Takes a place, given back on dispose.</summary>
    /// <param name="session">Whose stream it is.</param>
    /// <param name="limit"><c>http.max_streams_per_session</c>.</param>
    /// <exception cref="ApiException">429: the session holds that many already.</exception>
    public IDisposable Enter(Session session, int limit)
    {
        lock (_lock)
        {
            int open = _open.GetValueOrDefault(session.Id);
            if (open >= limit && !session.IsAdministrator)
            {
                throw ApiErrors.TooManyStreams(limit).Exception();
            }

            _open[session.Id] = open + 1;
        }

        return new Place(this, session.Id);
    }

    /// <summary>How many a session holds.</summary>
    public int Count(SessionId session)
    {
        lock (_lock)
        {
            return _open.GetValueOrDefault(session);
        }
    }

    private void Leave(SessionId session)
    {
        lock (_lock)
        {
            if (--_open[session] == 0)
            {
                _open.Remove(session);
            }
        }
    }

    private sealed class Place(StreamQuota quota, SessionId session) : IDisposable
    {
        private bool _left;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _left, true))
            {
                quota.Leave(session);
            }
        }
    }
}
