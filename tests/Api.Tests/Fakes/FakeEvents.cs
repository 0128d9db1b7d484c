using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

/// <summary>Events in memory. <see cref="Drop"/> forgets as retention does.</summary>
internal sealed class FakeEvents : IEvents
{
    private readonly Lock _lock = new();
    private readonly List<SessionEvent> _events = [];
    private readonly List<EventWatch> _watches = [];
    private readonly Dictionary<SessionId, long> _newest = [];
    private long _number;

    public int Watches
    {
        get
        {
            lock (_lock)
            {
                return _watches.Count;
            }
        }
    }

    public void Add(SessionId session, string type, SandboxId? sandbox = null, EventData? data = null)
    {
        lock (_lock)
        {
            long seq = _newest[session] = _newest.GetValueOrDefault(session) + 1;
            _events.Add(new SessionEvent(++_number, seq, type, DateTimeOffset.UnixEpoch, session, sandbox, data?.Exec?.Id, data ?? new EventData()));
            _watches.FindAll(w => w.Session is null || w.Session == session).ForEach(w => w.Tell());
        }
    }

    public void Drop(SessionId session, long upTo)
    {
        lock (_lock)
        {
            _events.RemoveAll(e => e.Session == session && e.Seq <= upTo);
        }
    }

    public void End(SessionId session, SessionEndReason reason)
    {
        lock (_lock)
        {
            _watches.FindAll(w => w.Session == session).ForEach(w => w.End(reason));
        }
    }

    public long Newest(SessionId? session)
    {
        lock (_lock)
        {
            return session is SessionId id ? _newest.GetValueOrDefault(id) : _number;
        }
    }

    public IReadOnlyList<SessionEvent> Read(SessionId? session, long after, int limit)
    {
        lock (_lock)
        {
            return [.. _events.Where(e => session is null ? e.Number > after : e.Session == session && e.Seq > after).Take(limit)];
        }
    }

    public EventWatch Watch(SessionId? session)
    {
        lock (_lock)
        {
            EventWatch watch = new(session, Close);
            _watches.Add(watch);
            return watch;
        }
    }

    private void Close(EventWatch watch)
    {
        lock (_lock)
        {
            _watches.Remove(watch);
        }
    }
}
