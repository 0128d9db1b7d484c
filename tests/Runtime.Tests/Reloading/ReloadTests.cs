using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Containerd;
using Sleigh.Runtime.Images;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Tests.Images;
using Sleigh.Runtime.Tests.Slots.Pool;

namespace Sleigh.Runtime.Tests.Reloading;

/// <summary>Settings that change while the parts that use them are at work.</summary>
public sealed class ReloadTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;
    private readonly LiveOptions _options = new(new SleighOptions());
    private readonly ManualTime _time = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Listeners_hear_of_the_new_settings_after_they_are_in_force()
    {
        List<string> heard = [];
        _options.OnChange(next => heard.Add($"{next.Pool.Size} {_options.Now.Pool.Size}"));

        Change(o => o with { Pool = o.Pool with { Size = 7 } });

        Assert.Equal(["7 7"], heard);
    }

    [Fact]
    public void Sessions_follow_the_time_to_live_and_the_rate()
    {
        using RecordStore records = RecordStore.Open(Path.Combine(_folder, "sleigh.db"), _time);
        Sessions sessions = new(records, _options, _time);
        string early = sessions.Issue().Token;

        Change(o => o with { Sessions = new SessionsOptions { IdleTtl = TimeSpan.FromHours(1), MaxIssuedPerMinute = 2 } });

        DateTimeOffset now = _time.GetUtcNow();
        Assert.Equal(now.AddHours(1), sessions.Issue().Session.Expires);
        Assert.Equal(
            "more than 2 tokens were issued within a minute; wait and try again", Assert.Throws<RuntimeException>(sessions.Issue).Message);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(now.AddMinutes(62), sessions.Authenticate(early)!.Expires);
    }

    [Fact]
    public async Task Kept_replies_follow_their_time()
    {
        using RecordStore records = RecordStore.Open(Path.Combine(_folder, "sleigh.db"), _time);
        Idempotency replies = new(records, _options, _time);
        SessionId session = SessionId.New();
        static Task<KeptReply> Work() => Task.FromResult(new KeptReply(201, [1], null));
        await replies.RunAsync(session, "k", "f", Work, Cancelled);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.True((await replies.RunAsync(session, "k", "f", Work, Cancelled)).Replayed);

        Change(o => o with { Http = o.Http with { IdempotencyTtl = TimeSpan.FromMinutes(1) } });

        Assert.False((await replies.RunAsync(session, "k", "f", Work, Cancelled)).Replayed);
    }

    [Fact]
    public async Task A_pull_keeps_the_time_limit_it_began_with()
    {
        FakePuller puller = new();
        ImagePulls pulls = new(puller.PullAsync, () => _options.Now.Images.PullTimeout, _time, NullLogger.Instance);
        Task<string> old = pulls.PullAsync("a", null, goesOn: false, null, Cancelled);

        Change(o => o with { Images = o.Images with { PullTimeout = TimeSpan.FromSeconds(5) } });
        Task<string> young = pulls.PullAsync("b", null, goesOn: false, null, Cancelled);
        await puller.BegunAsync(1);
        _time.Advance(TimeSpan.FromSeconds(6));

        RuntimeException late = await Assert.ThrowsAsync<RuntimeException>(() => young);
        Assert.Equal(ErrorKind.ImagePullTimeout, late.Kind);
        Assert.False(old.IsCompleted);
        pulls.Stop();
        await Assert.ThrowsAsync<RuntimeException>(() => old);
    }

    [Fact]
    public async Task A_new_puller_serves_new_pulls_and_the_old_one_is_closed_after_its_last()
    {
        List<int> parallel = [];
        using ContainerdClient containerd = new(new Sleigh.Containerd.ContainerdOptions { SocketPath = "/nowhere" });
        using LivePuller pullers = new(
            images =>
            {
                parallel.Add(images.ParallelLayers);
                return new ImagePuller(containerd, null, new RegistrySettings { ParallelLayers = images.ParallelLayers }, TimeProvider.System);
            },
            _options);
        TaskCompletionSource gate = new();
        ImagePuller? first = null, second = null;
        Task<int> under = pullers.UseAsync(async p =>
        {
            first = p;
            await gate.Task;
            return 1;
        });

        Change(o => o with { Log = new LogOptions { Level = LogThreshold.Debug } });
        await pullers.UseAsync(p => Task.FromResult(second = p));
        Assert.Same(first, second);

        Change(o => o with { Images = o.Images with { ParallelLayers = 9 } });
        await pullers.UseAsync(p => Task.FromResult(second = p));

        Assert.NotSame(first, second);
        Assert.Equal([4, 9], parallel);
        gate.SetResult();
        Assert.Equal(1, await under);
    }

    [Fact]
    public async Task The_pool_grows_and_shrinks_to_its_new_size()
    {
        await using FakeStock fake = new(1, 0);
        fake.Stock.Start();
        await fake.FilledAsync(1);

        fake.Stock.Change(new StockLimits(4, 0));
        await fake.FilledAsync(4);
        fake.Stock.Change(new StockLimits(2, 0));
        await fake.FilledAsync(2);
        fake.Stock.Change(new StockLimits(0, 0));
        await fake.FilledAsync(0);

        await FakeStock.UntilAsync(() => fake.Ended.Count == 4, () => $"{fake.Ended.Count} ended");
        Assert.Equal(4, fake.Made.Count);
    }

    [Fact]
    public void Output_files_are_made_with_the_new_cap()
    {
        Spool spool = new(Path.Combine(_folder, "execs"), () => _options.Now.Exec.SpoolMaxBytes);

        Change(o => o with { Exec = o.Exec with { SpoolMaxBytes = 123456 } });

        Assert.Equal(123456, spool.Cap);
    }

    private void Change(Func<SleighOptions, SleighOptions> change) => _options.Replace(change(_options.Now));
}
