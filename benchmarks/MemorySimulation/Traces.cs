using Sleigh.Benchmarks.MemorySimulation.Model;

namespace Sleigh.Benchmarks.MemorySimulation;

/// <summary>The traces. Times are those of the workload: a workload that is held up is late by that.</summary>
internal static class Traces
{
    private const double Idle = 185;

    /// <summary>All of them, in the order of the table.</summary>
    public static IReadOnlyList<Trace> All { get; } =
    [
        new("idle", "one sandbox that idles at 185 MB for an hour", 8192, 3600, [Of([new(0, Idle)])]),
        new("burst", "185 MB to 1 GB in 2 s, held for 5 s", 8192, 180, [Of(Burst(10, 1024, 2, 5))]),
        new("sawtooth", "20 bursts of 800 MB, one after the other", 8192, 400, [Of(Enumerable.Range(0, 20).SelectMany(i => Burst(10 + (i * 15), 800, 1.5, 1)))]),
        new("leak", "2 MB more each second, up to a ceiling of 2 GB", 8192, 1200, [Of([new(0, Idle), new(1, Idle, true), new(1101, Idle + 2200)], ceilingMb: 2048)]),
        new("spike", "185 MB to 6 GB at 3 GB/s", 32_768, 180, [Of(Burst(10, 6144, (6144 - Idle) / 3072, 2))]),
        new("files", "reads 200 MB of files a second beside 185 MB of its own", 8192, 300, [Of([new(0, Idle), new(10, Idle, true, 200), new(200, Idle)])]),
        Agents(50, 65_536, 600, seed: 20_260_105),
        new("small-host", "two bursts of 1.5 GB, and room for one", 3584, 240, [Of(Burst(10, 1536, 2, 20)), Of(Burst(11, 1536, 2, 5))]),
    ];

    /// <summary>Agents that think and burst on their own, a peak of 4 GB at about fifteen times the mean.</summary>
    public static Trace Agents(int count, int hostMb, int seconds, ulong seed)
    {
        var random = new SplitMix(seed);
        return new Trace("agents", $"{count} agents on {hostMb / 1024} GB, bursts of 0.5 to 4 GB within 2 s", hostMb, seconds,
            [.. Enumerable.Range(0, count).Select(_ => Of(Agent(random, seconds)))]);
    }

    private static List<DemandPoint> Agent(SplitMix random, int seconds)
    {
        List<DemandPoint> points = [new(0, Idle)];
        double at = random.Between(2, 60);
        while (at < seconds - 20)
        {
            // Small bursts are more frequent than large ones.
            double share = random.Between(0, 1);
            IReadOnlyList<DemandPoint> burst = Burst(at, 512 + (3584 * share * share), random.Between(0.5, 2), random.Between(0.5, 2));
            points.AddRange(burst.Skip(1));
            at = burst[^1].Seconds + random.Between(30, 90);
        }

        return points;
    }

    private static List<DemandPoint> Burst(double at, double peak, double rise, double hold) =>
        [new(0, Idle), new(at, Idle, true), new(at + rise, peak, true), new(at + rise + hold, peak, true), new(at + rise + hold + 0.1, Idle)];

    private static Workload Of(IEnumerable<DemandPoint> points, int ceilingMb = 16_384) =>
        new(new Demand(points.DistinctBy(point => point.Seconds)), CeilingMb: ceilingMb);
}
