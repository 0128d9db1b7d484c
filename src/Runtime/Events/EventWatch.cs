using System.Threading.Channels;

namespace Sleigh.Runtime;

/// <summary>Tells a reader that there may be more events. However many come meanwhile, they are one message.</summary>
public sealed class EventWatch : IDisposable
{
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly Action<EventWatch> _close;

    private volatile object? _ended;

    /// <summary>A watch.</summary>
    /// <param name="session">Whose events; null: of all sessions.</param>
    /// <param name="close">Called on dispose.</param>
    public EventWatch(SessionId? session, Action<EventWatch> close) => (Session, _close) = (session, close);

    /// <summary>Whose events; null: of all sessions.</summary>
    public SessionId? Session { get; }

    /// <summary>Set once the session has ended: nothing more may be shown to its owner.</summary>
    public SessionEndReason? Ended => (SessionEndReason?)_ended;

    /// <summary>Completes when there may be more, or the session has ended. One call at a time.</summary>
    public async Task<bool> ChangedAsync()
    {
        bool changed = await _changed.Reader.WaitToReadAsync();
        _changed.Reader.TryRead(out _);
        return changed;
    }

    /// <summary>There may be more.</summary>
    public void Tell() => _changed.Writer.TryWrite(true);

    /// <summary>The session has ended.</summary>
    public void End(SessionEndReason reason)
    {
        _ended = reason;
        Tell();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _close(this);
        _changed.Writer.TryComplete();
    }
}
