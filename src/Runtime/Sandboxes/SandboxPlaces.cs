namespace Sleigh.Runtime;

/// <summary>
/// Holds places for sandboxes that are being made, so that calls at the same moment cannot pass a quota together. Sandboxes get into the
/// table through it only.
/// </summary>
internal sealed class SandboxPlaces
{
    private readonly SandboxTable _table;
    private readonly Lock _lock = new();
    private readonly Dictionary<SessionId, int> _held = [];

    public SandboxPlaces(SandboxTable table) => _table = table;

    /// <summary>Holds places; those that are not filled are given back on dispose.</summary>
    /// <param name="session">For whom.</param>
    /// <param name="count">How many.</param>
    /// <param name="limit"><c>limits.sandboxes_per_session</c>; null: none.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.QuotaExceeded"/>.</exception>
    public Places Hold(SessionId session, int count, int? limit)
    {
        lock (_lock)
        {
            int held = _held.GetValueOrDefault(session);
            if (limit is int most && _table.Unordered.Count(e => e.Record.Sandbox.Session == session) + held + count > most)
            {
                throw RuntimeException.Quota("sandboxes_per_session", most, $"the session may have {most} sandboxes; delete one first");
            }

            _held[session] = held + count;
        }

        return new Places(this, session, count);
    }

    private void Release(SessionId session, int count, SandboxEntry? filled)
    {
        lock (_lock)
        {
            if (filled is not null)
            {
                _table.Add(filled);
            }

            if ((_held[session] -= count) == 0)
            {
                _held.Remove(session);
            }
        }
    }

    /// <summary>Places held by one call.</summary>
    internal sealed class Places(SandboxPlaces all, SessionId session, int count) : IDisposable
    {
        private int _left = count;

        /// <summary>Puts a sandbox into the table, in one of the places.</summary>
        public void Fill(SandboxEntry entry)
        {
            Interlocked.Decrement(ref _left);
            all.Release(session, 1, entry);
        }

        public void Dispose()
        {
            int left = Interlocked.Exchange(ref _left, 0);
            if (left > 0)
            {
                all.Release(session, left, null);
            }
        }
    }
}
