using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Tests.Images;

namespace Sleigh.Runtime.Tests.Retaining;

/// <summary>What goes when its time is over.</summary>
public sealed class RetentionTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-retention-").FullName;
    private readonly ManualTime _time = new();
    private readonly RecordStore _store;
    private readonly Spool _spool;
    private readonly LiveOptions _options = new(new SleighOptions());
    private readonly Background _background = new(NullLogger.Instance);
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<DateTimeOffset> _snapshotRuns = [];
    private readonly Retention _retention;
    private int _runs;
    private int _surplusRuns;

    public RetentionTests()
    {
        _store = RecordStore.Open(Path.Combine(_folder, "db"), _time);
        _spool = new Spool(Path.Combine(_folder, "execs"), () => 1 << 20);
        _retention = new Retention(_store, _spool, DeleteSnapshotsAsync, DeleteSurplusAsync, _options, _background, _time, NullLogger.Instance, _stopping.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _retention.DisposeAsync();
        _store.Dispose();
        _stopping.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Commands_that_ended_before_the_time_go_with_their_output_and_others_stay()
    {
        ExecId old = Add(TimeSpan.FromDays(15), ended: true);
        ExecId longRunning = Add(TimeSpan.FromDays(15), ended: false);
        ExecId endedLately = Add(TimeSpan.FromDays(15), ended: true, TimeSpan.FromDays(14) - TimeSpan.FromSeconds(1));
        ExecId held = Add(TimeSpan.FromDays(15), ended: false);
        Exec of = _store.FindExec(held)!.Exec with { Status = ExecStatus.Failed, Completed = _time.GetUtcNow() - TimeSpan.FromDays(15) };
        _store.HoldExec(of, ExecStatus.Running, new OomIntent("lyr-0123456789ab", SnapshotId.New(), ExecStatus.Failed));

        (int deleted, DateTimeOffset before) = await _retention.CleanUpExecsAsync(CancellationToken.None);

        Assert.Equal((1, _time.GetUtcNow() - TimeSpan.FromDays(14)), (deleted, before));
        Assert.Null(_store.FindExec(old));
        Assert.Equal([held, longRunning, endedLately], _spool.List().OrderBy(id => id != held).ThenBy(id => id != longRunning));
        Assert.All([longRunning, endedLately, held], id => Assert.NotNull(_store.FindExec(id)));
        Assert.Equal(0, (await _retention.CleanUpExecsAsync(CancellationToken.None)).Deleted);
    }

    [Fact]
    public async Task Old_deliveries_of_webhooks_go_and_those_that_wait_stay()
    {
        ExecId exec = Add(TimeSpan.FromDays(1), ended: true);
        for (int i = 0; i < 401; i++)
        {
            _store.SubscribeWebhook(exec, $"http://h.example/{i}");
            WebhookDeliveryId id = _store.ReadQueuedWebhooks()[^1].Id;
            _store.BeginWebhookTry(id);
            _store.EndWebhookTry(EndedTry.Of(id, 1, WebhookOutcome.Answered(200), _time.GetUtcNow() - TimeSpan.FromDays(i == 0 ? 13 : 15), 0.5));
        }

        _store.SubscribeWebhook(exec, "http://h.example/waits");
        await _retention.RunAsync();

        Assert.Equal(["http://h.example/waits", "http://h.example/0"], _store.ListWebhooks(null, 1000).Select(d => d.Url));
    }

    [Fact]
    public async Task Many_go_in_pieces_between_which_others_write()
    {
        for (int i = 0; i < 1000; i++)
        {
            Add(TimeSpan.FromDays(15), ended: true, withOutput: false);
        }

        Task<(int Deleted, DateTimeOffset Before)> work = Task.Run(() => _retention.CleanUpExecsAsync(CancellationToken.None));
        int seenBetween = 0;
        while (!work.IsCompleted)
        {
            int left = _store.ListExecs(null, null, 2000, null).Count;
            seenBetween += left is > 0 and < 1000 ? 1 : 0;
        }

        Assert.Equal(1000, (await work).Deleted);
        Assert.True(seenBetween > 0, "nobody else came to the records while 1000 rows were deleted");
        Assert.Empty(_store.ListExecs(null, null, 10, null));
    }

    [Fact]
    public async Task A_kill_between_output_and_record_is_made_good_by_the_next_time()
    {
        ExecId id = Add(TimeSpan.FromDays(15), ended: true);
        _spool.Remove(id);

        Assert.Equal("", _spool.FinalTail(id, ExecStream.Stdout, 6));
        Assert.Equal(1, (await _retention.CleanUpExecsAsync(CancellationToken.None)).Deleted);
    }

    [Fact]
    public void Output_that_no_record_has_is_removed_and_other_output_is_not()
    {
        ExecId kept = Add(TimeSpan.FromDays(1), ended: true);
        ExecId orphan = ExecId.New();
        _spool.Create(orphan).Dispose();
        Directory.CreateDirectory(Path.Combine(_folder, "execs", "not-an-exec"));

        Assert.Equal(1, SpoolSweep.Run(_spool, _store));

        Assert.Equal([kept], _spool.List());
        Assert.Equal(0, SpoolSweep.Run(_spool, _store));
    }

    [Fact]
    public async Task Snapshots_go_by_their_own_time_and_not_where_it_is_off()
    {
        await _retention.RunAsync();
        _options.Replace(_options.Now with { Snapshots = new SnapshotsOptions { Retention = null } });
        await _retention.RunAsync();

        Assert.Equal([_time.GetUtcNow() - TimeSpan.FromDays(14)], _snapshotRuns);
        Assert.Equal(2, _surplusRuns);
    }

    [Fact]
    public async Task It_runs_a_minute_after_the_start_then_by_the_interval_and_a_shorter_one_counts_at_once()
    {
        _retention.Start();
        _time.Advance(TimeSpan.FromSeconds(59));
        await Task.Delay(50);
        Assert.Empty(_snapshotRuns);

        await AdvanceAsync(TimeSpan.FromSeconds(1), 1);
        await AdvanceAsync(TimeSpan.FromHours(1), 2);
        _options.Replace(_options.Now with { Maintenance = new MaintenanceOptions { Interval = TimeSpan.FromSeconds(10) } });
        await AdvanceAsync(TimeSpan.FromSeconds(10), 3);
        await _stopping.CancelAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        await Task.Delay(50);
        Assert.Equal(3, _snapshotRuns.Count);
    }

    [Fact]
    public async Task A_stop_ends_a_clean_up_between_two_pieces()
    {
        for (int i = 0; i < 600; i++)
        {
            Add(TimeSpan.FromDays(15), ended: true, withOutput: false);
        }

        await _stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _retention.CleanUpExecsAsync(CancellationToken.None));
        Assert.NotEmpty(_store.ListExecs(null, null, 10, null));
    }

    [Fact]
    public void The_end_of_a_session_forgets_all_its_commands_and_no_others()
    {
        SessionId session = SessionId.New();
        for (int i = 0; i < 450; i++)
        {
            Add(TimeSpan.FromDays(1), ended: true, withOutput: false, session: session);
        }

        ExecId other = Add(TimeSpan.FromDays(1), ended: true);
        _store.ClearSession(session);

        Assert.Equal([other], _store.ListExecs(null, null, 1000, null).Select(e => e.Id));
    }

    private async Task AdvanceAsync(TimeSpan by, int runs)
    {
        // The timer is set again a moment after the run before.
        await _time.HasTimersAsync(1);
        _time.Advance(by);
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10));
        while (Volatile.Read(ref _runs) < runs)
        {
            await Task.Delay(1, limit.Token);
        }
    }

    private Task<int> DeleteSnapshotsAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        _snapshotRuns.Add(before);
        Interlocked.Increment(ref _runs);
        return Task.FromResult(0);
    }

    private Task<int> DeleteSurplusAsync(CancellationToken cancellationToken)
    {
        _surplusRuns++;
        return Task.FromResult(0);
    }

    private ExecId Add(TimeSpan startedAgo, bool ended, TimeSpan? endedAgo = null, bool withOutput = true, SessionId? session = null)
    {
        Exec exec = new()
        {
            Id = ExecId.New(), Sandbox = SandboxId.New(), Session = session ?? SessionId.New(), Status = ExecStatus.Running, Started = _time.GetUtcNow() - startedAgo,
        };
        _store.AddExec(new ExecRow(exec, SlotId.New(), null, null, ExecEndCause.Itself));
        if (withOutput)
        {
            _spool.Create(exec.Id).Dispose();
            File.WriteAllText(Path.Combine(_folder, "execs", exec.Id.ToString(), "stdout"), "hello\n");
        }

        if (ended)
        {
            _store.FinishExec(exec with { Status = ExecStatus.Succeeded, ExitCode = 0, Completed = _time.GetUtcNow() - (endedAgo ?? startedAgo), StdoutBytes = 6 });
        }

        return exec.Id;
    }
}
