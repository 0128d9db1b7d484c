using Sleigh.Cgroups.Growth;

namespace Sleigh.Benchmarks.MemorySimulation.Model;

/// <summary>How much memory a workload wants over its own time.</summary>
internal sealed class Demand
{
    private readonly DemandPoint[] _points;

    public Demand(IEnumerable<DemandPoint> points) => _points = [.. points];

    /// <summary>When the last change is done, in microseconds.</summary>
    public long End => Micros(_points[^1]);

    /// <summary>The bytes at the start.</summary>
    public long Base => Bytes(_points[0]);

    /// <summary>The bytes most wanted.</summary>
    public long Peak => _points.Max(Bytes);

    /// <summary>The mean of the bytes wanted until <paramref name="length"/>, nobody being held up.</summary>
    public double Mean(long length)
    {
        double area = 0;
        long last = 0;
        for (int i = 0; last < length; i = Math.Min(i + 1, _points.Length - 1))
        {
            long next = i + 1 < _points.Length ? Math.Min(length, Micros(_points[i + 1])) : length;
            area += (At(i, last).Bytes + At(i, next).Bytes) / 2.0 * (next - last);
            last = next;
        }

        return area / length;
    }

    /// <summary>What is wanted at a moment of the workload's time.</summary>
    /// <param name="work">Microseconds.</param>
    /// <param name="hint">Where the last look found its place; moves on.</param>
    public DemandNow At(long work, ref int hint)
    {
        while (hint + 1 < _points.Length && Micros(_points[hint + 1]) <= work)
        {
            hint++;
        }

        return At(hint, work);
    }

    private DemandNow At(int index, long work)
    {
        DemandPoint from = _points[index];
        if (index + 1 == _points.Length)
        {
            return new DemandNow(Bytes(from), from.Runs, from.ReadPerSecond, long.MaxValue);
        }

        DemandPoint to = _points[index + 1];
        double share = (work - Micros(from)) / (double)Math.Max(1, Micros(to) - Micros(from));
        bool isFlat = from.Megabytes == to.Megabytes && from.ReadPerSecond == 0;
        long bytes = (long)(Bytes(from) + ((Bytes(to) - Bytes(from)) * Math.Clamp(share, 0, 1)));
        return new DemandNow(bytes, from.Runs, from.ReadPerSecond, isFlat ? Micros(to) : work);
    }

    private static long Micros(DemandPoint point) => (long)Math.Round(point.Seconds * 1000) * SimulatedCgroup.Tick;

    private static long Bytes(DemandPoint point) => (long)(point.Megabytes * GrowthOptions.MiB);
}
