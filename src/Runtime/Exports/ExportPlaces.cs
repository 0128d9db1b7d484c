namespace Sleigh.Runtime.Exports;

/// <summary>
/// How many exports of what a session owns may be under way at once, the session's own and beside them the administrator's, from their beginning until all is sent: a reader that takes its time holds a layer on the data
/// disk, or a snapshot that is being compressed.
/// </summary>
internal sealed class ExportPlaces
{
    /// <summary>The most of one session.</summary>
    public const int PerSession = 2;

    private readonly Lock _lock = new();
    private readonly Dictionary<(SessionId Owner, SessionId Reader), int> _taken = [];

    /// <summary>Takes one; it is given back by disposing of what is returned.</summary>
    /// <param name="owner">Whose snapshot it is.</param>
    /// <param name="reader">Who exports it.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.QuotaExceeded"/>.</exception>
    public IDisposable Take(SessionId owner, SessionId reader)
    {
        (SessionId Owner, SessionId Reader) key = (owner, reader);
        lock (_lock)
        {
            int taken = _taken.GetValueOrDefault(key);
            if (taken >= PerSession)
            {
                throw RuntimeException.Quota(
                    "running_exports_per_session", PerSession,
                    $"{(owner == reader ? $"this session has {PerSession} exports" : $"{PerSession} exports of this session's by the administrator are")} under way; read one to its end or close its connection");
            }

            _taken[key] = taken + 1;
        }

        return new Place(this, key);
    }

    private void GiveBack((SessionId Owner, SessionId Reader) key)
    {
        lock (_lock)
        {
            if (--_taken[key] == 0)
            {
                _taken.Remove(key);
            }
        }
    }

    private sealed class Place(ExportPlaces of, (SessionId Owner, SessionId Reader) key) : IDisposable
    {
        private bool _isGivenBack;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _isGivenBack, true))
            {
                of.GiveBack(key);
            }
        }
    }
}
