using System.Runtime.CompilerServices;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <content>What keeps a sandbox apart from the host.</content>
internal sealed partial class Sandboxes
{
    // As long as a slot lives nothing of it changes.
    private readonly ConditionalWeakTable<Slot, Isolation> _isolations = [];

    /// <inheritdoc/>
    public Isolation? FindIsolation(SandboxId id)
    {
        if (_table.Find(id) is not { IsDeleted: false, Slot: Slot slot })
        {
            return null;
        }

        if (!_isolations.TryGetValue(slot, out Isolation? known)
            && IsolationReading.TryRead(slot.ProcessId, _execs.GivenCapabilities(slot), SlotSpecMark.HasOurFilter(slot.Mark)) is Isolation read)
        {
            known = _isolations.GetValue(slot, _ => read);
        }

        return slot.IsProcessAlive ? known : null;
    }
}
