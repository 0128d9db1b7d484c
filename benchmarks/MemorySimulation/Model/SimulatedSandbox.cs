using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Memory;

namespace Sleigh.Benchmarks.MemorySimulation.Model;

/// <summary>A sandbox of the simulation: its cgroup, what the kernel has to tell of it, and what the daemon remembers.</summary>
internal sealed class SimulatedSandbox
{
    private const long NotifyInterval = 10_000;

    private readonly StallWindow _stalls;
    private long _lastNotified = -NotifyInterval;
    private long _toldHigh;

    public SimulatedSandbox(string name, Workload workload, SimulatedCgroup group, GrowthOptions options)
    {
        (Name, Workload, Group) = (name, workload, group);
        _stalls = new StallWindow(options.StallWindow, options.StallThreshold);
    }

    public string Name { get; }

    public Workload Workload { get; }

    public SimulatedCgroup Group { get; }

    public GrowthState State { get; set; } = new();

    /// <summary>When the daemon acts on a notification; null: none is under way.</summary>
    public long? ActsAt { get; set; }

    /// <summary>When it was looked at last.</summary>
    public long LookedAt { get; set; }

    /// <summary>Its last growth.</summary>
    public long GrewAt { get; set; } = long.MinValue / 2;

    /// <summary>Whether a growth was refused and is tried again.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>When it has to be stepped next.</summary>
    public long NextStep { get; set; }

    /// <summary>Up to when it has been stepped.</summary>
    public long SteppedTo { get; set; }

    /// <summary>When all it wanted to do was done.</summary>
    public long? DoneAt { get; private set; }

    /// <summary>What the totals count of it.</summary>
    public (long Promised, long Usage, long Anonymous) Counted { get; set; }

    /// <summary>What the ledger counts of it.</summary>
    public LedgerLine Line(bool isIdle) => new()
    {
        Name = Name,
        Usage = Group.Usage,
        WorkingSet = Group.Anonymous,
        Brake = Group.Brake,
        Wall = Group.Wall,
        Start = Workload.Bounds.Start,
        Idle = isIdle,
    };

    /// <summary>Brings the workload up to <paramref name="now"/>, and says when the kernel notifies the daemon; null: not.</summary>
    public long? Advance(long now)
    {
        while (SteppedTo < now)
        {
            long quiet = Math.Min(Group.QuietFor, now - SteppedTo);
            if (quiet >= SimulatedCgroup.Tick)
            {
                Group.Skip(quiet);
                SteppedTo += quiet;
            }
            else
            {
                SteppedTo += SimulatedCgroup.Tick;
                Group.Step(SteppedTo);
            }
        }

        if (Group.IsDone)
        {
            DoneAt ??= now;
        }

        NextStep = Group.QuietFor is long.MaxValue ? long.MaxValue : now + Math.Max(SimulatedCgroup.Tick, Group.QuietFor);
        return Notification(now);
    }

    private long? Notification(long now)
    {
        // memory.events tells at most every 10 ms (CGROUP_FILE_NOTIFY_MIN_INTV).
        if (Group.High + Group.Max > _toldHigh)
        {
            _toldHigh = Group.High + Group.Max;
            _lastNotified = Math.Max(now, _lastNotified + NotifyInterval);
            return _lastNotified;
        }

        return _stalls.Look(now, Group.Stalled) ? now : null;
    }
}
