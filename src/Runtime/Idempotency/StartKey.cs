namespace Sleigh.Runtime;

/// <summary>
/// The Idempotency-Key of a call that starts an exec. It is recorded in the same step as the exec: a retry after a crash of the daemon at any
/// point finds the exec and starts no second one.
/// </summary>
/// <param name="Key">1 to 255 printable ASCII characters.</param>
/// <param name="Fingerprint">A hash of path and JSON body.</param>
/// <param name="Status">The HTTP status of the reply.</param>
public sealed record StartKey(string Key, string Fingerprint, int Status);
