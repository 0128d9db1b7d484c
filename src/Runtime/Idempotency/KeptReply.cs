namespace Sleigh.Runtime;

/// <summary>A reply kept for a later call with the same Idempotency-Key.</summary>
/// <param name="Status">The HTTP status, 2xx.</param>
/// <param name="Body">The JSON body.</param>
/// <param name="Exec">Set for an exec: its present state is answered instead of the body.</param>
public sealed record KeptReply(int Status, byte[] Body, ExecId? Exec);
