using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Records;

/// <summary>All that is kept of a mount across restarts.</summary>
internal sealed record MountRecord
{
    /// <summary>What callers see.</summary>
    public required Mount Mount { get; init; }

    /// <summary>The slot it was last put into; null when it could not be.</summary>
    public SlotId? Slot { get; init; }

    /// <summary>The kernel's number of it in that slot.</summary>
    public ulong Number { get; init; }

    /// <summary>Whether it is in this slot, as far as the record tells.</summary>
    public bool IsIn(Slot slot) => Slot == slot.Id;
}
