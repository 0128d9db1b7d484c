namespace Sleigh.Runtime;

/// <summary>Makes a retried call run once.</summary>
public interface IIdempotency
{
    /// <summary>
    /// Runs <paramref name="first"/> unless the session has used the key: then gives the kept reply with <c>Replayed</c> true.
    /// A second call while the first is at work waits for it. A first call that throws or gives null leaves the key free.
    /// </summary>
    /// <param name="session">Keys of sessions do not meet.</param>
    /// <param name="key">1 to 255 printable ASCII characters.</param>
    /// <param name="fingerprint">A hash of path and JSON body; another one under the same key is refused.</param>
    /// <param name="first">The work; its token-less end is awaited even when the caller has gone.</param>
    /// <param name="cancellationToken">Ends the waiting only.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.IdempotencyConflict"/>.</exception>
    Task<(KeptReply Reply, bool Replayed)> RunAsync(
        SessionId session, string key, string fingerprint, Func<Task<KeptReply>> first, CancellationToken cancellationToken);
}
