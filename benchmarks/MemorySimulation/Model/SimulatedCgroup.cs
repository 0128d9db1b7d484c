using Sleigh.Cgroups;
using Sleigh.Cgroups.Growth;

namespace Sleigh.Benchmarks.MemorySimulation.Model;

/// <summary>
/// A workload in a cgroup with a brake and a wall, as far as the kernel's arithmetic matters (Linux 6.1, mm/memcontrol.c, without swap): each
/// task takes pages in batches of 128 KiB; one that has taken a batch above the brake sleeps for 64 s times the square of the overage (as a
/// share of the brake), at most 2 s, and not at all if that is less than 10 ms; above the wall page cache goes, and where there is none,
/// the command is killed.
/// </summary>
internal sealed class SimulatedCgroup
{
    /// <summary>The grain of time, in microseconds.</summary>
    public const long Tick = 1000;

    private const long Batch = 128 * 1024;
    private const double SecondsAtFullOverage = 64;
    private const long LongestSleep = 2_000_000;
    private const long ShortestSleep = 10_000;

    private readonly Workload _workload;
    private int _place;
    private long _sleepsUntil;
    private DemandNow _now;

    public SimulatedCgroup(Workload workload, long brake, long wall)
    {
        (_workload, Brake, Wall) = (workload, brake, wall);
        Anonymous = workload.Demand.Base;
        _now = workload.Demand.At(0, ref _place);
    }

    public long Anonymous { get; private set; }

    public long Cache { get; private set; }

    public long Usage => Anonymous + Cache;

    public long Brake { get; private set; }

    public long Wall { get; private set; }

    /// <summary>Times the brake was passed.</summary>
    public long High { get; private set; }

    /// <summary>Times the wall was met.</summary>
    public long Max { get; private set; }

    /// <summary>Whether its command was killed; it does nothing more.</summary>
    public bool IsKilled { get; private set; }

    /// <summary>Time in which its tasks slept, in microseconds.</summary>
    public long Stalled { get; private set; }

    /// <summary>How far the workload has come, in microseconds of its own clock.</summary>
    public long Work { get; private set; }

    /// <summary>Whether all it wanted to do is done.</summary>
    public bool IsDone => !IsKilled && Work >= _workload.Demand.End;

    /// <summary>Whether a command runs.</summary>
    public bool Runs => !IsKilled && _now.Runs;

    /// <summary>How long from now nothing changes by itself, in microseconds; 0: something goes on.</summary>
    public long QuietFor => IsKilled ? long.MaxValue
        : Anonymous != _now.Bytes || _now.ReadPerSecond > 0 ? 0
        : _now.SameUntil == long.MaxValue ? long.MaxValue
        : _now.SameUntil - Work;

    /// <summary>What the daemon reads.</summary>
    public MemorySample Sample(long now) => new()
    {
        At = TimeSpan.FromMicroseconds(now),
        Usage = Usage,
        InactiveFile = Cache,
        Events = new MemoryEvents(0, High, Max, IsKilled ? 1 : 0, IsKilled ? 1 : 0, 0),
        Stalled = TimeSpan.FromMicroseconds(Stalled),
        Brake = Brake,
        Wall = Wall,
    };

    /// <summary>Time in which nothing changed.</summary>
    public void Skip(long micros)
    {
        if (!IsKilled)
        {
            Work += micros;
        }
    }

    /// <summary>One tick of the clock.</summary>
    /// <param name="now">Its end, in microseconds.</param>
    public void Step(long now)
    {
        if (IsKilled)
        {
            return;
        }

        if (now <= _sleepsUntil)
        {
            Stalled += Tick;
            return;
        }

        // The work goes on once it has the memory for it.
        if (Anonymous >= _now.Bytes)
        {
            Work += Tick;
            _now = _workload.Demand.At(Work, ref _place);
        }

        if (Anonymous > _now.Bytes)
        {
            Anonymous = _now.Bytes;
        }
        else if (Anonymous < _now.Bytes)
        {
            Charge(_now.Bytes - Anonymous, now);
        }

        if (_now.ReadPerSecond > 0)
        {
            Read((long)(_now.ReadPerSecond * GrowthOptions.MiB * Tick / 1e6));
        }
    }

    /// <summary>Writes the limits. A lowered brake drops page cache.</summary>
    public void Write(long brake, long wall)
    {
        (Brake, Wall) = (brake, wall);
        Reclaim(Usage - brake);
    }

    /// <summary>Drops page cache.</summary>
    public void Reclaim(long bytes) => Cache -= Math.Clamp(bytes, 0, Cache);

    private void Charge(long bytes, long now)
    {
        if (Usage + bytes <= Brake)
        {
            Anonymous += bytes;
            return;
        }

        while (bytes > 0)
        {
            // All tasks take a batch each before the first of them sleeps.
            long part = Math.Min(bytes, Batch * _workload.Tasks);
            if (Usage + part > Wall)
            {
                Max++;
                Reclaim(Usage + part - Wall);
                if (Usage + part > Wall)
                {
                    IsKilled = true;
                    Anonymous = Math.Min(Anonymous, _workload.Demand.Base);
                    return;
                }
            }

            Anonymous += part;
            bytes -= part;
            if (Usage > Brake)
            {
                High++;
                Reclaim(Usage - Brake);
                if (Sleep() is > 0 and long sleep)
                {
                    _sleepsUntil = now + sleep;
                    return;
                }
            }
        }
    }

    private void Read(long bytes)
    {
        Cache += bytes;
        if (Usage > Brake)
        {
            High++;
            Reclaim(Usage - Brake);
        }
    }

    private long Sleep()
    {
        double overage = Math.Max(0, Usage - Brake) / (double)Brake;
        long sleep = (long)Math.Min(LongestSleep, SecondsAtFullOverage * 1e6 * overage * overage);
        return sleep < ShortestSleep ? 0 : sleep;
    }
}
