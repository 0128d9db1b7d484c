using Microsoft.Extensions.Logging;
using Sleigh.Overlay;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <content>The start of the daemon: what a death has cut off is taken back or finished, and the rest is found again.</content>
internal sealed partial class LiveMounts
{
    /// <summary>
    /// Takes over the recorded mounts of all sandboxes in the table. One whose making was cut off is taken out, one whose removal was
    /// cut off too. Where that fails, its record stays as it is and the next start tries again.
    /// </summary>
    public void Adopt()
    {
        foreach (IGrouping<SandboxId, (MountRecord Record, MountState State)> rows in _records.ReadMounts().GroupBy(row => row.Record.Mount.Sandbox))
        {
            if (_table.Find(rows.Key) is not SandboxEntry entry)
            {
                continue;
            }

            entry.Mounts = [.. rows.Where(row => row.State == MountState.Live).Select(row => row.Record)];
            foreach ((MountRecord record, MountState state) in rows.Where(row => row.State != MountState.Live))
            {
                Finish(entry, record, state);
            }

            if (entry.Slot is Slot slot && LacksSome(entry, slot))
            {
                _background.Run($"put the mounts of {entry.Id} in again", () => SettleInTurnAsync(entry));
            }
        }
    }

    private void Finish(SandboxEntry entry, MountRecord record, MountState state)
    {
        try
        {
            if (entry.Slot is { IsProcessAlive: true } slot && record.IsIn(slot))
            {
                Uncover(entry, slot, record);
            }

            _records.RemoveMount(record.Mount, state == MountState.Removing ? entry.Record.Sandbox.Session : null);
            Finished(_logger, record.Mount.Id.ToString(), entry.Id.ToString(), state);
        }
        catch (IOException e)
        {
            NotFinished(_logger, record.Mount.Id.ToString(), entry.Id.ToString(), e);
        }
    }

    private static bool LacksSome(SandboxEntry entry, Slot slot)
    {
        if (entry.Mounts.Count == 0)
        {
            return false;
        }

        try
        {
            IReadOnlySet<ulong> there = HostMounter.Numbers(slot.Namespaces);
            return entry.Mounts.Any(record => record.IsIn(slot) && !there.Contains(record.Number));
        }
        catch (IOException)
        {
            // Its PID 1 died in this moment; the next start puts all in.
            return false;
        }
    }

    /// <summary>Puts in again what is recorded for a running sandbox and not there.</summary>
    public async Task SettleInTurnAsync(SandboxEntry entry)
    {
        using IDisposable turn = await entry.Turns.EnterAsync(entry.Id, "mount", CancellationToken.None);
        await entry.Starting.WaitAsync(CancellationToken.None);
        try
        {
            if (entry.Slot is { IsProcessAlive: true } slot && slot.Users.TryEnter() is IDisposable use)
            {
                using (use)
                {
                    await SettleAsync(entry, slot);
                }
            }
        }
        finally
        {
            entry.Starting.Release();
        }
    }

    [LoggerMessage(EventId = 1465, EventName = "mount", Level = LogLevel.Warning, Message = "{Mount} of {Sandbox} is out: its change ({State}) had been cut off")]
    private static partial void Finished(ILogger logger, string mount, string sandbox, MountState state);

    [LoggerMessage(EventId = 1466, EventName = "mount", Level = LogLevel.Error, Message = "{Mount} could not be taken out of {Sandbox}; the next start of the daemon tries again")]
    private static partial void NotFinished(ILogger logger, string mount, string sandbox, Exception exception);
}
