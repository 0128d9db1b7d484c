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

    private readonly RecordStore _records;
    private readonly SessionsOptions _options;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, Session> _byHash = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly Queue<DateTimeOffset> _issued = new();

    public Sessions(RecordStore records, SessionsOptions options, TimeProvider time)
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
                _byHash[Convert.ToHexString(hash)] = session;
            }
        }

        Administrator = administrator ?? AddAdministrator();
    }

    /// <inheritdoc/>
    public Session Administrator { get; }

    /// <summary>Whether a session has running work and so does not expire; set once the execs are there.</summary>
    public Func<SessionId, bool> IsBusy { get; set; } = _ => false;

    /// <inheritdoc/>
    public IssuedToken Issue()
    {
        DateTimeOffset now = _time.GetUtcNow();
        CheckRate(now);
        string token = TokenPrefix + RandomNumberGenerator.GetHexString(TokenHexLength, lowercase: true);
        Session session = new() { Id = SessionId.New(), Created = now, LastUsed = now, Expires = now + _options.IdleTtl };
        byte[] hash = Hash(token);
        _records.AddSession(session, hash);
        _byHash[Convert.ToHexString(hash)] = session;
        return new IssuedToken(token, session);
    }

    /// <inheritdoc/>
    public Session? Authenticate(string token)
    {
        string hash = Convert.ToHexString(Hash(token));
        if (!_byHash.TryGetValue(hash, out Session? session))
        {
            return null;
        }

        DateTimeOffset now = _time.GetUtcNow();
        if (session.Expires is DateTimeOffset end && end <= now && !IsBusy(session.Id))
        {
            return null;
        }

        if (now - session.LastUsed < TouchInterval)
        {
            return session;
        }

        Session used = session with { LastUsed = now, Expires = now + _options.IdleTtl };
        if (_byHash.TryUpdate(hash, used, session))
        {
            _records.TouchSession(used);
        }

        return used;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Session> List() => [.. _byHash.Values.Append(Administrator).OrderBy(s => s.Created)];

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

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
            while (_issued.TryPeek(out DateTimeOffset oldest) && now - oldest >= TimeSpan.FromMinutes(1))
            {
                _issued.Dequeue();
            }

            if (_issued.Count >= _options.MaxIssuedPerMinute)
            {
                throw new RuntimeException(
                    ErrorKind.RateLimited, $"more than {_options.MaxIssuedPerMinute} tokens were issued within a minute; wait and try again");
            }

            _issued.Enqueue(now);
        }
    }
}
