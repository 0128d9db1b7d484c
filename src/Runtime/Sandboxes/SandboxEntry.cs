using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Networking;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Secrets;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>A sandbox in the memory of the daemon: its record, its slot while it runs, and who may change it.</summary>
internal sealed class SandboxEntry
{
    private readonly Lock _lock = new();
    private SandboxRecord _record;
    private int _commands;

    public SandboxEntry(SandboxRecord record, Slot? slot, TimeProvider time)
    {
        (_record, Slot, PersistedUse, LastUsed) = (record, slot, record.Sandbox.LastUsed, record.Sandbox.LastUsed);
        Turns = new TurnQueue(time);
        Secrets = record.Sandbox.SecretNames.Count == 0 ? SandboxSecrets.None : null;
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

    /// <summary>Whether nothing can have changed its files since the last rollback. Not recorded: after a restart it is not known.</summary>
    public bool IsUntouched { get; set; }

    /// <summary>Its secrets, which no record has; null: they are gone.</summary>
    public SandboxSecrets? Secrets { get; set; }

    /// <summary>Where it runs; null when it has exited.</summary>
    public Slot? Slot { get; set; }

    /// <summary>Whether what it may reach is still to be put in force, as a first try has failed.</summary>
    public bool IsPolicyDue { get; set; }

    /// <summary>Its refused packets as last read; null: not read yet.</summary>
    public RefusedSample? Refused { get; set; }

    /// <summary>How its disk limit is held; null: it has none.</summary>
    public DiskLimitKind? DiskLimitKind { get; set; }

    /// <summary>Its mounts, oldest first; replaced as a whole, by those who hold <see cref="Starting"/>.</summary>
    public IReadOnlyList<MountRecord> Mounts { get; set; } = [];

    /// <summary>Its declared ports; replaced as a whole, by <see cref="Ports"/> alone once it is in the table.</summary>
    public IReadOnlyList<PortRecord> Ports { get; set; } = [];

    /// <summary>Changes one at a time.</summary>
    public TurnQueue Turns { get; }

    /// <summary>Held while an exited sandbox is being started.</summary>
    public SemaphoreSlim Starting { get; } = new(1);

    /// <summary>Set once by a delete; nothing new may begin.</summary>
    public bool IsDeleted { get; set; }

    /// <summary>Commands without a final state, and those about to start.</summary>
    public int Commands => Volatile.Read(ref _commands);

    /// <summary>Counts a command in; false when there are as many as there may be.</summary>
    public bool TryAddCommand(int most)
    {
        for (int now = Commands; now < most;)
        {
            int seen = Interlocked.CompareExchange(ref _commands, now + 1, now);
            if (seen == now)
            {
                return true;
            }

            now = seen;
        }

        return false;
    }

    /// <summary>Counts one out: it has its final state, or was never started.</summary>
    public void RemoveCommand() => Interlocked.Decrement(ref _commands);

    /// <summary>The last use that the records know of.</summary>
    public DateTimeOffset PersistedUse { get; set; }

    public SandboxId Id => Record.Sandbox.Id;

    /// <summary>What was decided about its memory, over all slots it has had since the daemon started.</summary>
    public MemoryHistory Memory { get; } = new();

    /// <summary>The limit in force, in MB: it may have grown above what the record says.</summary>
    public int MemoryLimitMb => Slot is Slot slot ? slot.Limits.MemoryMb : Record.Sandbox.MemoryLimitMb;

    /// <summary>What callers see now.</summary>
    public Sandbox View
    {
        get
        {
            Slot? slot = Slot;
            Sandbox recorded = Record.Sandbox;
            return recorded with
            {
                Status = slot is null ? SandboxStatus.Exited : slot.IsSqueezed ? SandboxStatus.Paused : SandboxStatus.Running,
                LastUsed = LastUsed,
                Ports = [.. Ports.Select(port => port.Number).Order()],
                DiskLimitKind = DiskLimitKind,
                AreSecretsLost = Secrets is null,
                MemoryLimitMb = slot?.Limits.MemoryMb ?? recorded.MemoryLimitMb,
                RefusedPackets = Refused is RefusedSample sample && sample.Network == slot?.Network?.Name ? sample.Counts.Total : 0,
            };
        }
    }

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
