using Sleigh.Linux;

namespace Sleigh.Runtime.Proc;

/// <summary>
/// On which CPUs a sandbox with a CPU limit runs: as many as the limit needs, so that nproc, build tools and thread pools count what they can use.
/// Each one begins where the last one ended, so that they spread over the host.
/// </summary>
internal sealed class CpuChoice(CpuSet available)
{
    private int _next;

    /// <summary>All that this process may use.</summary>
    public CpuSet Available { get; } = available;

    /// <summary>The next set.</summary>
    /// <param name="cpus">The limit in cores; null: none.</param>
    public CpuSet Next(double? cpus)
    {
        int all = Available.Numbers.Count;
        if (cpus is not double cores || cores > all - 1)
        {
            return Available;
        }

        int count = Math.Max(1, (int)Math.Ceiling(cores));
        int first = (int)((uint)(Interlocked.Add(ref _next, count) - count) % (uint)all);
        return CpuSet.Of(Enumerable.Range(first, count).Select(i => Available.Numbers[i % all]));
    }
}
