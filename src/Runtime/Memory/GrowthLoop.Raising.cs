using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Memory;

/// <content>Raising by hand, through the same ledger. Both are called on the loop's thread.</content>
internal sealed partial class GrowthLoop
{
    /// <summary>Why the ledger has no room for a limit; null: it has. Takes back from others what that needs.</summary>
    internal string? RefusalOf(IMemorySlot slot, long target)
    {
        // One that is not watched has ended; it begins anew with what is recorded.
        if (Find(slot) is not GrowthSubject subject || Sample(subject, Now) is not MemorySample sample)
        {
            return null;
        }

        GrowthBounds bounds = subject.Entry.Record.Bounds;
        HostRoom room = RoomFor(subject);
        MemoryDecision decision = GrowthPolicy.Raise(sample, bounds, Policy, room, target);
        if (decision is MemoryDecision.Refuse { Cause: RefusalCause.HostShort } refused && TakeBack(subject, refused, sample, bounds, Policy, room))
        {
            decision = GrowthPolicy.Raise(sample, bounds, Policy, RoomFor(subject), target);
        }

        return decision is MemoryDecision.Refuse no ? no.Reason : null;
    }

    /// <summary>Writes a limit that is recorded already; never lowers one.</summary>
    internal bool RaiseTo(IMemorySlot slot, SlotLimits limits)
    {
        if (Find(slot) is not GrowthSubject subject || limits.MemoryMb <= slot.Limits.MemoryMb)
        {
            return false;
        }

        slot.Limits = slot.Limits with { WallMb = limits.WallMb };
        WriteUp(subject, limits.MemoryMb * GrowthOptions.MiB, Math.Max(limits.WallBytes, subject.Line.Wall));
        subject.IsWaiting = false;
        subject.BusyUntil = Now + IdleInterval;
        return true;
    }
}
