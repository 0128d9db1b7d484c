using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Slots;

/// <summary>A slot with a sandbox's tree mounted, not yet recorded as its own.</summary>
/// <param name="Slot">The slot.</param>
/// <param name="FromPool">Whether it was parked.</param>
/// <param name="Taking">Getting the slot.</param>
/// <param name="Mounting">Mounting the tree.</param>
internal sealed record ClaimedSlot(Slot Slot, bool FromPool, TimeSpan Taking, TimeSpan Mounting)
{
    /// <summary>The sandbox's mounts, those that could be put in with their numbers in this slot.</summary>
    public IReadOnlyList<MountRecord> Mounts { get; init; } = [];

    /// <summary>The settings that its network policy was made from; null: it has no network.</summary>
    public SleighOptions? Policy { get; init; }

    /// <summary>What is recorded of it together with the sandbox.</summary>
    public SlotRecord RecordFor(SandboxId sandbox) => new(Slot.Id, SlotState.Claimed, sandbox, Slot.ProcessId, Slot.Limits) { Mounts = Mounts };
}
