using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <inheritdoc cref="ISessions"/>
internal sealed class Sessions : ISessions
{
    private const string TokenPrefix = "sess_";
    private const int TokenHexLength = 32;

    // Contract section 2: last_used_at may lag by this much, which spares a write per call.
    private static readonly TimeSpan TouchInterval = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly RecordStore _records;
    private readonly LiveOptions _options;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, Session> _byHash = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly Queue<DateTimeOffset> _issued = new();
    private readonly ConcurrentDictionary<SessionId, string> _hashes = new();

    public Sessions(RecordStore records, LiveOptions options, TimeProvider time)
    {
        (_records, _options, _time) = (records, options, time);
        Session? administrator = null;
        foreach ((Session session, byte[] hash) in records.ReadSessions())
        {
            if (session.IsAdministrator)
            {
                administrator = session;
            }
            else
            {
                Add(Convert.ToHexString(hash), session);
            }
        }

        Administrator = administrator ?? AddAdministrator();
    }

    /// <inheritdoc/>
    public Session Administrator { get; }

    /// <summary>Whether a session has running work and so does not expire; set once the execs are there.</summary>
    public Func<SessionId, bool> IsBusy { get; set; } = _ => false;

    /// <summary>Deletes what an ended session owns; set once the sandboxes are there.</summary>
    public Func<SessionId, Task> Clear { get; set; } = _ => Task.CompletedTask;

    /// <summary>Whether there is such a session.</summary>
    public bool IsLive(SessionId id) => id == Administrator.Id || _hashes.ContainsKey(id);

    /// <inheritdoc/>
    public IssuedToken Issue()
    {
        DateTimeOffset now = _time.GetUtcNow();
        CheckRate(now);
        string token = TokenPrefix + RandomNumberGenerator.GetHexString(TokenHexLength, lowercase: true);
        Session session = new() { Id = SessionId.New(), Created = now, LastUsed = now, Expires = now + _options.Now.Sessions.IdleTtl };
        byte[] hash = Hash(token);
        _records.AddSession(session, hash);
        Add(Convert.ToHexString(hash), session);
        return new IssuedToken(token, session);
    }

    /// <inheritdoc/>
    public Session? Authenticate(string token)
    {
        string hash = Convert.ToHexString(Hash(token));
        DateTimeOffset now = _time.GetUtcNow();

        // Twice: what kept it busy may have ended, and noted a use, between the look at its end and the look at that.
        return Find(hash) is not Session session ? null
            : !IsOver(session, now) ? Used(hash, session, now)
            : Find(hash) is Session later && !IsOver(later, now) ? Used(hash, later, now)
            : null;
    }

    /// <summary>Moves the end of a session whose sandbox is used by others than itself: over its ports. One that has ended stays so.</summary>
    public void Use(SessionId id)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (_hashes.TryGetValue(id, out string? hash) && Find(hash) is Session session && !IsOver(session, now))
        {
            Used(hash, session, now);
        }
    }

    // Every use moves the end; the record follows at intervals, shorter ones where sessions are short.
    private Session Used(string hash, Session session, DateTimeOffset now)
    {
        TimeSpan? ttl = _options.Now.Sessions.IdleTtl;
        bool isRecorded = now - session.LastUsed < (ttl is { } life && life / 4 < TouchInterval ? life / 4 : TouchInterval);
        Session used = session with { LastUsed = isRecorded ? session.LastUsed : now, Expires = now + ttl };
        if (_byHash.TryUpdate(hash, used, session) && !isRecorded)
        {
            _records.TouchSession(used);
        }

        return used;
    }

    /// <inheritdoc/>
    public async Task EndAsync(SessionId id)
    {
        if (id == Administrator.Id)
        {
            throw new RuntimeException(ErrorKind.Forbidden, "forbidden: the administrator's own session cannot be deleted");
        }

        if (!End(id, SessionEndReason.Revoked, _ => true))
        {
            throw new RuntimeException(ErrorKind.NotFound, $"resource not found: session {id}");
        }

        await Clear(id);
    }

    /// <summary>Takes the tokens of sessions away whose time is over; what they own is still there.</summary>
    public IReadOnlyList<Session> TakeExpired()
    {
        DateTimeOffset now = _time.GetUtcNow();
        return [.. _byHash.Values.Where(session => IsOver(session, now) && End(session.Id, SessionEndReason.Expired, s => IsOver(s, now)))];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Session> List() => [.. _byHash.Values.Append(Administrator).OrderBy(s => s.Created)];

    // One that is being looked at, whether it is to end, is out for that moment.
    private Session? Find(string hash)
    {
        if (_byHash.TryGetValue(hash, out Session? session))
        {
            return session;
        }

        lock (_lock)
        {
            return _byHash.GetValueOrDefault(hash);
        }
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private bool IsOver(Session session, DateTimeOffset now) => session.Expires is DateTimeOffset end && end <= now && !IsBusy(session.Id);

    private void Add(string hash, Session session) => (_byHash[hash], _hashes[session.Id]) = (session, hash);

    private bool End(SessionId id, SessionEndReason reason, Func<Session, bool> applies)
    {
        lock (_lock)
        {
            // Without the token first: a use at the same moment either counts, and is seen here, or is refused.
            if (!_hashes.TryGetValue(id, out string? hash) || !_byHash.TryRemove(hash, out Session? session))
            {
                return false;
            }

            if (!applies(session))
            {
                _byHash[hash] = session;
                return false;
            }

            try
            {
                _records.EndSession(id, reason, _time.GetUtcNow());
            }
            catch (Linux.Sqlite.SqliteException)
            {
                _byHash[hash] = session;
                throw;
            }

            _hashes.TryRemove(id, out _);
        }

        _records.Watches.End(id, reason);
        return true;
    }

    private Session AddAdministrator()
    {
        DateTimeOffset now = _time.GetUtcNow();
        Session session = new() { Id = SessionId.New(), Created = now, LastUsed = now, IsAdministrator = true };
        _records.AddSession(session, []);
        return session;
    }

    private void CheckRate(DateTimeOffset now)
    {
        lock (_lock)
        {
            while (_issued.TryPeek(out DateTimeOffset oldest) && now - oldest >= Window)
            {
                _issued.Dequeue();
            }

            int most = _options.Now.Sessions.MaxIssuedPerMinute;
            if (_issued.Count >= most)
            {
                throw new RuntimeException(
                    ErrorKind.RateLimited, $"more than {most} tokens were issued within a minute; wait and try again")
                {
                    RetryAfter = _issued.ElementAt(_issued.Count - most) + Window - now,
                };
            }

            _issued.Enqueue(now);
        }
    }
}
