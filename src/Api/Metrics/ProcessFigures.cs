using System.Globalization;

namespace Sleigh.Api.Metrics;

/// <summary>The daemon's own process, under the names that Prometheus' own clients have.</summary>
internal static class ProcessFigures
{
    private const string Self = "/proc/self";

    public static IReadOnlyList<Figure> List() =>
    [
        Figures.One("process_cpu_seconds_total", true, "s", "CPU time of the daemon.", () => Environment.CpuUsage.TotalTime.TotalSeconds),
        Figures.One("process_resident_memory_bytes", false, "By", "Resident memory of the daemon.", () => Environment.WorkingSet),
        Figures.One("process_open_fds", false, null, "Open files of the daemon.", () => Count("fd")),
        Figures.One("process_threads", false, null, "Threads of the daemon.", () => Count("task")),
        Figures.One("dotnet_gc_heap_bytes", false, "By", "Managed memory in use.", () => GC.GetTotalMemory(forceFullCollection: false)),
        new("dotnet_gc_collections_total", true, null, "Garbage collections by generation.", Collections),
        Figures.One("dotnet_gc_pause_seconds_total", true, "s", "Time that the daemon stood still for garbage collection.", () => GC.GetTotalPauseDuration().TotalSeconds),
        Figures.One("dotnet_threadpool_queue_length", false, null, "Work that waits for a thread.", () => ThreadPool.PendingWorkItemCount),
    ];

    private static FigureValue[] Collections() =>
    [
        .. Enumerable.Range(0, GC.MaxGeneration + 1)
            .Select(g => new FigureValue(GC.CollectionCount(g), "generation", g.ToString(CultureInfo.InvariantCulture))),
    ];

    private static double Count(string folder) => Directory.EnumerateFileSystemEntries(Path.Combine(Self, folder)).Count();
}
