using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <inheritdoc cref="IEvents"/>
internal sealed class Events : IEvents
{
    private readonly RecordStore _records;

    public Events(RecordStore records) => _records = records;

    /// <inheritdoc/>
    public long Newest(SessionId? session) => _records.NewestEvent(session);

    /// <inheritdoc/>
    public IReadOnlyList<SessionEvent> Read(SessionId? session, long after, int limit) => _records.ReadEvents(session, after, limit);

    /// <inheritdoc/>
    public EventWatch Watch(SessionId? session) => _records.Watches.Open(session);
}
