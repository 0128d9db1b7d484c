using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Tests.Images;

namespace Sleigh.Runtime.Tests.Repeating;

/// <summary>Section 1.6 of the contract over the real records, restarts included.</summary>
public sealed class IdempotencyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-idempotency-").FullName;
    private readonly ManualTime _time = new();
    private readonly SessionId _session = SessionId.New();
    private RecordStore _store;
    private Idempotency _calls;
    private int _runs;

    public IdempotencyTests() => (_store, _calls) = Open();

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_result_is_replayed_after_a_restart_until_its_time_is_over()
    {
        Assert.Equal(("1", false), await CallAsync("k"));
        Assert.Equal(("1", true), await CallAsync("k"));
        Reopen();
        _time.Advance(TimeSpan.FromHours(24));
        Assert.Equal(("1", true), await CallAsync("k"));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("2", false), await CallAsync("k"));
        _calls.Sweep();
        Assert.Equal(("2", true), await CallAsync("k"));
    }

    [Fact]
    public async Task Another_request_under_the_key_is_refused_while_the_first_runs_after_it_and_after_a_restart()
    {
        TaskCompletionSource gate = new();
        Task<(string, bool)> first = CallAsync("k", gate: gate);

        await RefusedAsync();
        gate.SetResult();
        await first;
        await RefusedAsync();
        Reopen();
        await RefusedAsync();
        Assert.Equal(("2", false), await CallAsync("k", session: SessionId.New()));

        async Task RefusedAsync()
        {
            RuntimeException conflict = await Assert.ThrowsAsync<RuntimeException>(() => CallAsync("k", "other"));
            Assert.Equal((ErrorKind.IdempotencyConflict, "Idempotency-Key was already used with a different request"), (conflict.Kind, conflict.Message));
        }
    }

    [Fact]
    public async Task Parallel_calls_run_once_and_a_failure_is_everybodys_and_frees_the_key()
    {
        TaskCompletionSource gate = new();
        Task<(string, bool)>[] pair = [CallAsync("k", gate: gate), CallAsync("k", gate: gate)];
        Assert.All(pair, call => Assert.False(call.IsCompleted));
        gate.SetException(new RuntimeException(ErrorKind.HostMemoryLow, "no"));
        foreach (Task<(string, bool)> call in pair)
        {
            Assert.Equal(ErrorKind.HostMemoryLow, (await Assert.ThrowsAsync<RuntimeException>(() => call)).Kind);
        }

        Assert.Equal(("1", false), await CallAsync("k"));
    }

    [Fact]
    public async Task A_caller_that_goes_ends_its_waiting_only_and_a_shutdown_waits_for_the_work()
    {
        TaskCompletionSource gate = new();
        using CancellationTokenSource gone = new();
        Task<(string, bool)> call = CallAsync("k", gate: gate, cancellationToken: gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        Task drained = _calls.DrainAsync();
        Assert.False(drained.IsCompleted);
        gate.SetResult();
        await drained;
        Reopen();

        Assert.Equal(("1", true), await CallAsync("k"));
    }

    [Fact]
    public async Task A_kill_of_the_daemon_before_the_reply_is_kept_leaves_the_key_free_unless_the_work_recorded_it()
    {
        TaskCompletionSource gate = new();
        Task<(string, bool)> cutOff = CallAsync("create", gate: gate);
        Exec exec = new() { Id = ExecId.New(), Sandbox = SandboxId.New(), Session = _session, Status = ExecStatus.Running, Started = _time.GetUtcNow() };
        _store.AddExec(new ExecRow(exec, SlotId.New(), null, null, ExecEndCause.Itself), key: new StartKey("exec", "f", 202));
        Reopen();
        gate.SetException(new IOException("the daemon that ran it is gone"));
        await Assert.ThrowsAsync<IOException>(() => cutOff);

        (KeptReply reply, bool replayed) = await _calls.RunAsync(_session, "exec", "f", NeverAsync, CancellationToken.None);
        Assert.Equal((202, exec.Id, true), (reply.Status, reply.Exec, replayed));
        Assert.Equal(("1", false), await CallAsync("create"));

        _store.ForgetReply(_session, "exec");
        Assert.Equal(("2", false), await CallAsync("exec"));

        static Task<KeptReply> NeverAsync() => throw new InvalidOperationException("it ran twice");
    }

    private async Task<(string Body, bool Replayed)> CallAsync(
        string key, string fingerprint = "f", TaskCompletionSource? gate = null, SessionId? session = null, CancellationToken cancellationToken = default)
    {
        (KeptReply reply, bool replayed) = await _calls.RunAsync(session ?? _session, key, fingerprint, WorkAsync, cancellationToken);
        return (System.Text.Encoding.UTF8.GetString(reply.Body), replayed);

        async Task<KeptReply> WorkAsync()
        {
            if (gate is not null)
            {
                await gate.Task;
            }

            return new KeptReply(201, System.Text.Encoding.UTF8.GetBytes($"{Interlocked.Increment(ref _runs)}"), null);
        }
    }

    private (RecordStore Store, Idempotency Calls) Open()
    {
        RecordStore store = RecordStore.Open(Path.Combine(_folder, "db"), _time);
        return (store, new Idempotency(store, new LiveOptions(new SleighOptions()), _time));
    }

    private void Reopen()
    {
        _store.Dispose();
        (_store, _calls) = Open();
    }
}
