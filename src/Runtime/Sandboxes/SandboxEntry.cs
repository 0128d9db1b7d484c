using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>A sandbox in the memory of the daemon: its record, its slot while it runs, and who may change it.</summary>
internal sealed class SandboxEntry
{
    private readonly Lock _lock = new();
    private SandboxRecord _record;

    public SandboxEntry(SandboxRecord record, Slot? slot, TimeProvider time)
    {
        (_record, Slot, PersistedUse, LastUsed) = (record, slot, record.Sandbox.LastUsed, record.Sandbox.LastUsed);
        Turns = new TurnQueue(time);
    }

    /// <summary>The record as last written.</summary>
    public SandboxRecord Record
    {
        get
        {
            lock (_lock)
            {
                return _record;
            }
        }
    }

    /// <summary>The last command or change.</summary>
    public DateTimeOffset LastUsed { get; set; }

    /// <summary>Where it runs; null when it has exited.</summary>
    public Slot? Slot { get; set; }

    /// <summary>Changes one at a time.</summary>
    public TurnQueue Turns { get; }

    /// <summary>Held while an exited sandbox is being started.</summary>
    public SemaphoreSlim Starting { get; } = new(1);

    /// <summary>Set once by a delete; nothing new may begin.</summary>
    public bool IsDeleted { get; set; }

    /// <summary>The last use that the records know of.</summary>
    public DateTimeOffset PersistedUse { get; set; }

    public SandboxId Id => Record.Sandbox.Id;

    /// <summary>What callers see now.</summary>
    public Sandbox View => Record.Sandbox with
    {
        Status = Slot is null ? SandboxStatus.Exited : SandboxStatus.Running, LastUsed = LastUsed,
    };

    /// <summary>Changes the record and writes it, as one step for all who change it.</summary>
    /// <param name="change">From the record as it is to the next.</param>
    /// <param name="persist">Writes the next one; when it throws, the record stays.</param>
    public void Change(Func<SandboxRecord, SandboxRecord> change, Action<SandboxRecord> persist)
    {
        lock (_lock)
        {
            SandboxRecord next = change(_record);
            persist(next);
            _record = next;
        }
    }
}
