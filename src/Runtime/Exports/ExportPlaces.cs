namespace Sleigh.Runtime.Exports;

/// <summary>
/// How many exports a session may have under way at once, from their beginning until all is sent: a reader that takes its time holds a layer on the data
/// disk, or a snapshot that is being compressed.
/// </summary>
internal sealed class ExportPlaces
{
    /// <summary>The most of one session.</summary>
    public const int PerSession = 2;

    private readonly Lock _lock = new();
    private readonly Dictionary<SessionId, int> _taken = [];

    /// <summary>Takes one; it is given back by disposing of what is returned.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.QuotaExceeded"/>.</exception>
    public IDisposable Take(SessionId session)
    {
        lock (_lock)
        {
            int taken = _taken.GetValueOrDefault(session);
            if (taken >= PerSession)
            {
                throw RuntimeException.Quota(
                    "running_exports_per_session", PerSession, $"this session has {PerSession} exports under way; read one to its end or close its connection");
            }

            _taken[session] = taken + 1;
        }

        return new Place(this, session);
    }

    private void GiveBack(SessionId session)
    {
        lock (_lock)
        {
            if (--_taken[session] == 0)
            {
                _taken.Remove(session);
            }
        }
    }

    private sealed class Place(ExportPlaces of, SessionId session) : IDisposable
    {
        private bool _isGivenBack;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _isGivenBack, true))
            {
                of.GiveBack(session);
            }
        }
    }
}
