using Sleigh.Cgroups.Growth;

namespace Sleigh.Runtime.Memory;

/// <summary>A running sandbox in the eyes of the growth loop. Its state belongs to the loop's thread; <see cref="Line"/> may be read by all.</summary>
internal sealed class GrowthSubject : IDisposable
{
    private volatile LedgerLine _line;
    private volatile bool _isWaiting;
    private int _woken;
    private long _wokenAt;

    public GrowthSubject(SandboxEntry entry, IMemorySlot slot, int priority)
    {
        (Entry, Slot, Name, Priority) = (entry, slot, entry.Id.ToString(), priority);
        _line = new LedgerLine
        {
            Name = Name, Usage = 0, WorkingSet = 0, Brake = slot.Limits.MemoryMb * GrowthOptions.MiB, Wall = slot.Limits.WallBytes,
            Start = entry.Record.Sandbox.MemoryLimitMb * GrowthOptions.MiB, Idle = true, Priority = priority, Frozen = false,
        };
    }

    public SandboxEntry Entry { get; }

    public IMemorySlot Slot { get; }

    public string Name { get; }

    /// <summary>Label <c>sleigh.priority</c>.</summary>
    public int Priority { get; }

    /// <summary>The kernel's notifications; null where they could not be had.</summary>
    public IDisposable? Watch { get; set; }

    /// <summary>What the policy remembers.</summary>
    public GrowthState State { get; set; } = new();

    /// <summary>What the ledger counts.</summary>
    public LedgerLine Line
    {
        get => _line;
        set => _line = value;
    }

    /// <summary>When it was looked at last.</summary>
    public TimeSpan LookedAt { get; set; }

    /// <summary>It is looked at each second until then.</summary>
    public TimeSpan BusyUntil { get; set; }

    /// <summary>Whether a growth was refused and is tried again. May be read by all.</summary>
    public bool IsWaiting
    {
        get => _isWaiting;
        set => _isWaiting = value;
    }

    /// <summary>Whether memory is being reclaimed from it now.</summary>
    public bool IsReclaiming { get; set; }

    /// <summary>Whether it was near its limit when it was looked at last.</summary>
    public bool IsNear { get; set; }

    /// <summary>Processes of it that the kernel has killed for memory, as far as was told.</summary>
    public long OomKills { get; set; }

    /// <summary>Whether the loop has let go of it.</summary>
    public bool IsGone { get; set; }

    /// <summary>Notes a notification; true for the first since it was last looked at, which puts it into the queue.</summary>
    public bool Wake(long timestamp)
    {
        if (Interlocked.Exchange(ref _woken, 1) != 0)
        {
            return false;
        }

        Volatile.Write(ref _wokenAt, timestamp);
        return true;
    }

    /// <summary>Takes the notification: what comes from now on is a new one.</summary>
    public long TakeWake()
    {
        long at = Volatile.Read(ref _wokenAt);
        Volatile.Write(ref _woken, 0);
        return at;
    }

    /// <inheritdoc/>
    public void Dispose() => Watch?.Dispose();
}
