using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;
using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.SessionEnding;

/// <summary>How a session ends.</summary>
public sealed class SessionEndTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-sessions-").FullName;
    private readonly Clock _clock = new();
    private RecordStore _store;
    private Sessions _sessions;

    public SessionEndTests() => (_store, _sessions) = Open();

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_token_is_of_no_use_before_anything_is_deleted_and_after_a_restart()
    {
        IssuedToken issued = _sessions.Issue();
        bool liveAtDelete = true;
        _sessions.Clear = id =>
        {
            liveAtDelete = _sessions.IsLive(id) || _sessions.Authenticate(issued.Token) is not null;
            throw new IOException("the daemon dies here");
        };

        await Assert.ThrowsAsync<IOException>(() => _sessions.EndAsync(issued.Session.Id));

        Assert.False(liveAtDelete);
        Reopen();
        Assert.Null(_sessions.Authenticate(issued.Token));
        Assert.Equal([issued.Session.Id], _store.ReadUnclearedSessions());
        _store.ClearSession(issued.Session.Id);
        Assert.Empty(_store.ReadUnclearedSessions());
    }

    [Fact]
    public async Task A_second_end_and_the_administrators_are_refused()
    {
        IssuedToken issued = _sessions.Issue();
        await _sessions.EndAsync(issued.Session.Id);

        RuntimeException again = await Assert.ThrowsAsync<RuntimeException>(() => _sessions.EndAsync(issued.Session.Id));
        RuntimeException own = await Assert.ThrowsAsync<RuntimeException>(() => _sessions.EndAsync(_sessions.Administrator.Id));

        Assert.Equal((ErrorKind.NotFound, $"resource not found: session {issued.Session.Id}"), (again.Kind, again.Message));
        Assert.Equal((ErrorKind.Forbidden, "forbidden: the administrator's own session cannot be deleted"), (own.Kind, own.Message));
        Assert.True(_sessions.IsLive(_sessions.Administrator.Id));
    }

    [Fact]
    [ContractLine("S5")]
    public void Sessions_expire_unless_they_are_used_or_busy()
    {
        IssuedToken idle = _sessions.Issue();
        IssuedToken used = _sessions.Issue();
        IssuedToken busy = _sessions.Issue();
        _sessions.IsBusy = id => id == busy.Session.Id;
        using EventWatch watch = _store.Watches.Open(idle.Session.Id);

        _clock.Now += TimeSpan.FromSeconds(90);
        Assert.NotNull(_sessions.Authenticate(used.Token));
        _clock.Now += TimeSpan.FromSeconds(20);

        Assert.Equal([idle.Session.Id], _sessions.TakeExpired().Select(s => s.Id));
        Assert.Empty(_sessions.TakeExpired());
        Assert.Equal(SessionEndReason.Expired, watch.Ended);
        Assert.Null(_sessions.Authenticate(idle.Token));
        Assert.NotNull(_sessions.Authenticate(used.Token));
        Assert.NotNull(_sessions.Authenticate(busy.Token));
        Assert.Equal([idle.Session.Id], _store.ReadUnclearedSessions());
    }

    [Fact]
    public void A_use_moves_the_end_also_within_a_minute_of_the_last_one_and_over_a_restart()
    {
        IssuedToken issued = _sessions.Issue();
        for (int i = 0; i < 10; i++)
        {
            _clock.Now += TimeSpan.FromSeconds(30);
            Assert.NotNull(_sessions.Authenticate(issued.Token));
        }

        Reopen();
        _clock.Now += TimeSpan.FromSeconds(70);
        Assert.NotNull(_sessions.Authenticate(issued.Token));
    }

    [Fact]
    public void A_use_by_others_than_the_session_moves_its_end_and_brings_no_session_back()
    {
        IssuedToken used = _sessions.Issue(), idle = _sessions.Issue();
        for (int i = 0; i < 10; i++)
        {
            _clock.Now += TimeSpan.FromSeconds(30);
            _sessions.Use(used.Session.Id);
        }

        _sessions.Use(idle.Session.Id);
        _sessions.Use(_sessions.Administrator.Id);
        _sessions.Use(SessionId.New());

        Assert.Equal([idle.Session.Id], _sessions.TakeExpired().Select(s => s.Id));
        Reopen();
        _clock.Now += TimeSpan.FromSeconds(70);
        Assert.NotNull(_sessions.Authenticate(used.Token));
    }

    [Fact]
    public void Execs_and_kept_replies_of_a_cleared_session_are_gone_and_others_stay()
    {
        SessionId gone = _sessions.Issue().Session.Id;
        SessionId stays = _sessions.Issue().Session.Id;
        Dictionary<SessionId, ExecId> execs = [];
        foreach (SessionId session in new[] { gone, stays })
        {
            Exec exec = new()
            {
                Id = ExecId.New(), Sandbox = SandboxId.New(), Session = session, Status = ExecStatus.Running, Started = _clock.Now,
            };
            execs[session] = exec.Id;
            _store.AddExec(new ExecRow(exec, SlotId.New(), null, null, ExecEndCause.Itself));
            _store.KeepReply(session, "k", "f", new KeptReply(200, [1], null), _clock.Now);
        }

        Assert.Equal([execs[gone]], _store.ReadExecIds(gone));
        _store.EndSession(gone, SessionEndReason.Revoked, _clock.Now);
        _store.ClearSession(gone);

        Assert.Null(_store.FindExec(execs[gone]));
        Assert.NotNull(_store.FindExec(execs[stays]));
        Assert.Null(_store.FindReply(gone, "k", DateTimeOffset.UnixEpoch));
        Assert.NotNull(_store.FindReply(stays, "k", DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void Too_many_tokens_are_refused_with_the_time_until_the_next_is_granted()
    {
        LiveOptions options = new(new SleighOptions { Sessions = new SessionsOptions { MaxIssuedPerMinute = 3 } });
        Sessions sessions = new(_store, options, _clock);
        for (int i = 0; i < 3; i++)
        {
            sessions.Issue();
            _clock.Now += TimeSpan.FromSeconds(5);
        }

        RuntimeException refused = Assert.Throws<RuntimeException>(sessions.Issue);
        Assert.Equal((ErrorKind.RateLimited, TimeSpan.FromSeconds(45)), (refused.Kind, refused.RetryAfter));
        _clock.Now += TimeSpan.FromSeconds(45);
        sessions.Issue();

        // Where the limit is lowered, more than one has to be forgotten first: two of the three must be over a minute ago.
        options.Replace(new SleighOptions { Sessions = new SessionsOptions { MaxIssuedPerMinute = 2 } });
        Assert.Equal(TimeSpan.FromSeconds(10), Assert.Throws<RuntimeException>(sessions.Issue).RetryAfter);
    }

    [Fact]
    public void What_kept_a_session_and_ends_while_its_token_is_looked_at_has_kept_it()
    {
        IssuedToken issued = _sessions.Issue();
        _clock.Now += TimeSpan.FromSeconds(101);
        int looks = 0;
        _sessions.IsBusy = id =>
        {
            // At the first look it is still there, notes its use, and is gone by the answer.
            if (++looks == 1)
            {
                _sessions.Use(id);
                return false;
            }

            return looks == 2;
        };

        Assert.Equal(issued.Session.Id, _sessions.Authenticate(issued.Token)?.Id);
        _sessions.IsBusy = _ => false;
        Assert.Empty(_sessions.TakeExpired());
        _clock.Now += TimeSpan.FromSeconds(101);
        Assert.Null(_sessions.Authenticate(issued.Token));
    }

    private (RecordStore Store, Sessions Sessions) Open()
    {
        RecordStore store = RecordStore.Open(Path.Combine(_folder, "sleigh.db"), _clock);
        return (store, new Sessions(store, new LiveOptions(new SleighOptions { Sessions = new SessionsOptions { IdleTtl = TimeSpan.FromSeconds(100) } }), _clock));
    }

    private void Reopen()
    {
        _store.Dispose();
        (_store, _sessions) = Open();
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
