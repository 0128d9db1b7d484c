using Sleigh.Cgroups.Growth;

namespace Sleigh.Runtime.Memory;

/// <summary>The contract's growth entry: one decision to grow, as owners and events see it.</summary>
/// <param name="Time">When it was made.</param>
/// <param name="FromMb">The limit before.</param>
/// <param name="ToMb">The limit after; the same where it was refused.</param>
/// <param name="Granted">Whether the limit rose.</param>
/// <param name="Trigger">What set it off.</param>
/// <param name="Reason">The reason in words.</param>
public sealed record GrowthEntry(DateTimeOffset Time, int FromMb, int ToMb, bool Granted, GrowthTrigger Trigger, string Reason)
{
    /// <summary>The entry of a decision; null where the decision was not about growing.</summary>
    public static GrowthEntry? Of(MemoryRecord record) => record.IsGrowth
        ? new GrowthEntry(
            record.Time, record.FromMb, record.ToMb, record.Action == MemoryAction.Grown, record.Trigger ?? GrowthTrigger.Manual, record.Reason)
        : null;
}
