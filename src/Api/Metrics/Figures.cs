using Sleigh.Api.Views;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;

namespace Sleigh.Api.Metrics;

/// <summary>All figures that are read when somebody asks: of sandboxes, the ledger, the pool, and the process itself.</summary>
internal static class Figures
{
    /// <summary>In the order of the text.</summary>
    public static IReadOnlyList<Figure> Of(ApiDependencies parts) =>
    [
        new("sleigh_sandboxes", false, null, "Sandboxes by status.", () => Sandboxes(parts.Sandboxes.List(owner: null))),
        One("sleigh_execs_running", false, null, "Commands that run now.", () => parts.Execs.CountRunning(null)),
        One("sleigh_host_memory_available_ratio", false, "1", "Available share of the host's memory, 0 to 1.", () => Share(parts.Memory.ReadHost())),
        One("sleigh_memory_limits_bytes", false, "By", "Sum of the memory limits in force.", () => parts.Memory.ReadHost().LimitsBytes),
        One("sleigh_warm_pool_available", false, null, "Parked containers that are ready.", () => parts.Pool.Status.Available),
        One("sleigh_warm_pool_hits_total", true, null, "Creates that got a parked container.", () => parts.Pool.Status.Hits),
        One("sleigh_warm_pool_misses_total", true, null, "Creates that found no parked container.", () => parts.Pool.Status.Misses),
        One("sleigh_webhook_queue", false, null, "Webhook deliveries that are not final.", () => parts.Webhooks.Queued),
        .. ProcessFigures.List(),
    ];

    /// <summary>A figure of one value.</summary>
    public static Figure One(string name, bool isCounter, string? unit, string help, Func<double> read) =>
        new(name, isCounter, unit, help, () => [new FigureValue(read())]);

    private static FigureValue[] Sandboxes(IReadOnlyList<Sandbox> sandboxes) =>
    [
        .. Enum.GetValues<SandboxStatus>().Select(s => new FigureValue(sandboxes.Count(one => one.Status == s), "status", SandboxView.StatusText(s))),
    ];

    private static double Share(HostMemory host) => host.TotalBytes == 0 ? 0 : (double)host.AvailableBytes / host.TotalBytes;
}
