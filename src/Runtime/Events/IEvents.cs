namespace Sleigh.Runtime;

/// <summary>
/// The events, numbered without holes per session (<see cref="SessionEvent.Seq"/>) and over all sessions
/// (<see cref="SessionEvent.Number"/>). An event is recorded together with the change it reports: a crash keeps both or neither.
/// Decisions about memory are made in the kernel's files first and recorded a moment behind.
/// </summary>
public interface IEvents
{
    /// <summary>The newest number of a session, or over all when <paramref name="session"/> is null; 0 before the first.</summary>
    long Newest(SessionId? session);

    /// <summary>Kept events behind a number, oldest first. A hole in the numbers is what is no longer kept.</summary>
    /// <param name="session">Whose; null: of all sessions, by <see cref="SessionEvent.Number"/>.</param>
    /// <param name="after">The number.</param>
    /// <param name="limit">At most this many.</param>
    IReadOnlyList<SessionEvent> Read(SessionId? session, long after, int limit);

    /// <summary>Is told of every event from now on. It holds no events: read them.</summary>
    EventWatch Watch(SessionId? session);
}
