using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

/// <summary>Keeps replies in memory under the rules of the contract; the work goes on when the caller has gone.</summary>
internal sealed class FakeIdempotency : IIdempotency
{
    private readonly Dictionary<(SessionId, string), (string Fingerprint, Task<KeptReply> Work)> _kept = [];
    private readonly Lock _lock = new();

    public async Task<(KeptReply Reply, bool Replayed)> RunAsync(
        SessionId session, string key, string fingerprint, Func<Task<KeptReply>> first, CancellationToken cancellationToken)
    {
        Task<KeptReply> work;
        bool replayed;
        lock (_lock)
        {
            replayed = _kept.TryGetValue((session, key), out var kept) && !kept.Work.IsFaulted;
            if (replayed && kept.Fingerprint != fingerprint)
            {
                throw new RuntimeException(ErrorKind.IdempotencyConflict, "Idempotency-Key was already used with a different request");
            }

            work = replayed ? kept.Work : Task.Run(first, CancellationToken.None);
            _kept[(session, key)] = (fingerprint, work);
        }

        return (await work.WaitAsync(cancellationToken), replayed);
    }
}
