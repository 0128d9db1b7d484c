using System.Security.Cryptography;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

internal sealed class FakeSessions(TimeProvider time) : ISessions
{
    private readonly Dictionary<string, Session> _byToken = [];
    private readonly Lock _lock = new();

    public Session Administrator { get; } = new()
    {
        Id = SessionId.Parse("sid_000000000000"),
        Created = DateTimeOffset.UnixEpoch,
        LastUsed = DateTimeOffset.UnixEpoch,
        IsAdministrator = true,
    };

    public bool RateLimited { get; set; }

    public IssuedToken Issue()
    {
        if (RateLimited)
        {
            throw new RuntimeException(ErrorKind.RateLimited, "too many tokens were issued in the last minute");
        }

        DateTimeOffset now = time.GetUtcNow();
        Session session = new() { Id = SessionId.New(), Created = now, LastUsed = now, Expires = now.AddDays(14) };
        string token = "sess_" + RandomNumberGenerator.GetHexString(32, lowercase: true);
        lock (_lock)
        {
            _byToken.Add(token, session);
        }

        return new IssuedToken(token, session);
    }

    public Session? Authenticate(string token)
    {
        lock (_lock)
        {
            return _byToken.GetValueOrDefault(token);
        }
    }

    public List<SessionId> Ended { get; } = [];

    public Task EndAsync(SessionId id)
    {
        lock (_lock)
        {
            if (id == Administrator.Id)
            {
                throw new RuntimeException(ErrorKind.Forbidden, "forbidden: the administrator's own session cannot be deleted");
            }

            string token = _byToken.FirstOrDefault(s => s.Value.Id == id).Key
                ?? throw new RuntimeException(ErrorKind.NotFound, $"resource not found: session {id}");
            _byToken.Remove(token);
            Ended.Add(id);
            return Task.CompletedTask;
        }
    }

    public IReadOnlyList<Session> List()
    {
        lock (_lock)
        {
            return [Administrator, .. _byToken.Values];
        }
    }

    public void Revoke(string token)
    {
        lock (_lock)
        {
            _byToken.Remove(token);
        }
    }
}
