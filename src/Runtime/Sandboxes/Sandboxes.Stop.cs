using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <content>The end of what runs in a sandbox; the sandbox stays.</content>
internal sealed partial class Sandboxes
{
    /// <summary>Ends the commands of a sandbox and its container. It has exited then, and the next command starts it again.</summary>
    public async Task StopAsync(SandboxEntry entry)
    {
        if (await TakeSlotAwayAsync(entry) is not Slot slot)
        {
            return;
        }

        // What is frozen hears no signal.
        _starter.Resuming(entry, slot);
        await _execs.StopSlotAsync(slot, ExecEndCause.SandboxStopped);
        entry.Change(
            r => r with { Slot = null },
            r => _records.PutSandbox(r, SandboxState.Live, [EventDraft.Of(EventTypes.SandboxExited, r.Sandbox)]));
        _pool.EndLater(slot);
    }
}
