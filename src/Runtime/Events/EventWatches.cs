namespace Sleigh.Runtime;

/// <summary>Who is to be told of events.</summary>
internal sealed class EventWatches
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SessionId, List<EventWatch>> _bySession = [];
    private readonly List<EventWatch> _ofAll = [];

    /// <summary>Begins to tell; ends when the watch is disposed.</summary>
    public EventWatch Open(SessionId? session)
    {
        EventWatch watch = new(session, Close);
        lock (_lock)
        {
            if (session is not SessionId id)
            {
                _ofAll.Add(watch);
            }
            else if (_bySession.TryGetValue(id, out List<EventWatch>? others))
            {
                others.Add(watch);
            }
            else
            {
                _bySession[id] = [watch];
            }
        }

        return watch;
    }

    /// <summary>A session has new events.</summary>
    public void Tell(SessionId session)
    {
        lock (_lock)
        {
            _ofAll.ForEach(watch => watch.Tell());
            if (_bySession.TryGetValue(session, out List<EventWatch>? watches))
            {
                watches.ForEach(watch => watch.Tell());
            }
        }
    }

    /// <summary>A session has ended.</summary>
    public void End(SessionId session, SessionEndReason reason)
    {
        lock (_lock)
        {
            if (_bySession.TryGetValue(session, out List<EventWatch>? watches))
            {
                watches.ForEach(watch => watch.End(reason));
            }
        }
    }

    private void Close(EventWatch watch)
    {
        lock (_lock)
        {
            if (watch.Session is not SessionId id)
            {
                _ofAll.Remove(watch);
            }
            else if (_bySession.TryGetValue(id, out List<EventWatch>? watches) && watches.Remove(watch) && watches.Count == 0)
            {
                _bySession.Remove(id);
            }
        }
    }
}
