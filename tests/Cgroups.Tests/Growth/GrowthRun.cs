using Sleigh.Cgroups.Growth;

namespace Sleigh.Cgroups.Tests.Growth;

/// <summary>One cgroup whose figures a test sets and whose decisions are carried out.</summary>
internal sealed class GrowthRun
{
    public const long MiB = GrowthOptions.MiB;

    public GrowthRun(int startMb = 256, int ceilingMb = 4096, bool automatic = true)
    {
        Bounds = new GrowthBounds(startMb * MiB, ceilingMb * MiB, automatic);
        Brake = startMb;
        Wall = automatic ? (int)(Math.Min(GrowthPolicy.WallOf(Brake * MiB, Options), Bounds.Ceiling) / MiB) : startMb;
        Look();
    }

    public GrowthBounds Bounds { get; set; }

    public GrowthOptions Options { get; } = new();

    public HostRoom Room { get; set; } = new(1L << 50, "the host's budget of 1 MB is promised");

    public GrowthState State { get; private set; } = new();

    public double Seconds { get; set; } = 100;

    public int Usage { get; set; } = 185;

    public int Cache { get; set; }

    public int Active { get; set; }

    public long High { get; set; }

    public long Max { get; set; }

    public double StalledMs { get; set; }

    public int Brake { get; set; }

    public int Wall { get; set; }

    public MemorySample Sample => new()
    {
        At = TimeSpan.FromSeconds(Seconds),
        Usage = Usage * MiB,
        InactiveFile = Cache * MiB,
        ActiveFile = Active * MiB,
        Events = new MemoryEvents(0, High, Max, 0, 0, 0),
        Stalled = TimeSpan.FromMilliseconds(StalledMs),
        Brake = Brake * MiB,
        Wall = Wall * MiB,
    };

    /// <summary>Decides on the figures as they stand and carries it out.</summary>
    public MemoryDecision Look()
    {
        GrowthStep step = GrowthPolicy.Decide(Sample, State, Bounds, Options, Room);
        State = step.Next;
        switch (step.Decision)
        {
            case MemoryDecision.Grow grow:
                (Brake, Wall) = ((int)(grow.Brake / MiB), (int)(grow.Wall / MiB));
                break;
            case MemoryDecision.GiveBack back:
                (Brake, Wall) = ((int)(back.Brake / MiB), (int)(back.Wall / MiB));
                int dropped = Math.Min(Cache, (int)(back.Reclaim / MiB));
                Usage -= dropped;
                Cache -= dropped;
                break;
        }

        return step.Decision;
    }

    /// <summary>So much later; usage and the high counter are set first.</summary>
    public MemoryDecision After(double seconds, int? usage = null, bool reached = false)
    {
        Seconds += seconds;
        Usage = usage ?? Usage;
        High += reached ? 1 : 0;
        return Look();
    }

    /// <summary>A second each, with nothing new in any figure.</summary>
    public List<MemoryDecision> Quiet(int seconds) => [.. Enumerable.Range(0, seconds).Select(_ => After(1))];
}
