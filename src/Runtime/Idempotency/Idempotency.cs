using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <inheritdoc cref="IIdempotency"/>
internal sealed class Idempotency : IIdempotency
{
    private readonly RecordStore _records;
    private readonly LiveOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<(SessionId Session, string Key), (string Fingerprint, Task<KeptReply> Work)> _atWork = [];

    public Idempotency(RecordStore records, LiveOptions options, TimeProvider time) => (_records, _options, _time) = (records, options, time);

    private DateTimeOffset Oldest => _time.GetUtcNow() - _options.Now.Http.IdempotencyTtl;

    /// <inheritdoc/>
    public async Task<(KeptReply Reply, bool Replayed)> RunAsync(
        SessionId session, string key, string fingerprint, Func<Task<KeptReply>> first, CancellationToken cancellationToken)
    {
        TaskCompletionSource<KeptReply> mine = new(TaskCreationOptions.RunContinuationsAsynchronously);
        (string Fingerprint, Task<KeptReply> Work) other;
        lock (_lock)
        {
            if (_records.FindReply(session, key, Oldest) is var (kept, reply))
            {
                return kept == fingerprint ? (reply, true) : throw Conflict();
            }

            if (!_atWork.TryGetValue((session, key), out other))
            {
                _atWork.Add((session, key), (fingerprint, mine.Task));
            }
        }

        if (other.Work is not null)
        {
            return other.Fingerprint == fingerprint ? (await other.Work.WaitAsync(cancellationToken), true) : throw Conflict();
        }

        _ = RunFirstAsync(session, key, fingerprint, first, mine);
        return (await mine.Task.WaitAsync(cancellationToken), false);
    }

    /// <summary>Waits for all first calls at work, whose callers may have gone.</summary>
    public async Task DrainAsync()
    {
        Task[] work;
        lock (_lock)
        {
            work = [.. _atWork.Values.Select(w => w.Work)];
        }

        await Task.WhenAll(work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Forgets what is older than the configured time.</summary>
    public void Sweep() => _records.ForgetReplies(Oldest);

    private static RuntimeException Conflict() =>
        new(ErrorKind.IdempotencyConflict, "Idempotency-Key was already used with a different request");

    private async Task RunFirstAsync(
        SessionId session, string key, string fingerprint, Func<Task<KeptReply>> first, TaskCompletionSource<KeptReply> result)
    {
        // Whatever the work throws belongs to those who wait for it.
        Task<KeptReply> work = Task.Run(async () =>
        {
            KeptReply reply = await first();
            _records.KeepReply(session, key, fingerprint, reply, _time.GetUtcNow());
            return reply;
        });
        await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _atWork.Remove((session, key));
        }

        result.SetFromTask(work);
        _ = result.Task.Exception;
    }
}
