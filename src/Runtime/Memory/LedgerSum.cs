namespace Sleigh.Runtime.Memory;

/// <summary>The ledger added up. Bytes.</summary>
/// <param name="Limits">All brakes, or walls where there is no brake below them.</param>
/// <param name="Promised">What all sandboxes hold promised.</param>
/// <param name="Used">What they use, page cache included.</param>
/// <param name="Reclaimable">What could be taken back without harm: promises nobody uses, and page cache that can be dropped.</param>
/// <param name="Room">By how much one of them could be promised more; at least 0.</param>
/// <param name="RoomReason">What sets that bound, as a phrase that fits behind "refused:".</param>
/// <param name="IsByBudget">Whether the budget sets that bound; if not, MemAvailable does.</param>
public readonly record struct LedgerSum(
    long Limits, long Promised, long Used, long Reclaimable, long Room, string RoomReason, bool IsByBudget);
