using Sleigh.Cgroups;
using Sleigh.Network;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

internal sealed class FakeHost : IHost, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    public bool IsStopping { get; set; }

    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Shutdown begins.</summary>
    public void Stop()
    {
        IsStopping = true;
        _stopping.Cancel();
    }

    public void Dispose() => _stopping.Dispose();

    public int MemoryBudgetMb { get; set; } = 57_600;

    public int Cores { get; set; } = 4;

    public string? DiskLimitUnavailable { get; set; }

    public IReadOnlyList<string> RuntimeClasses { get; } = ["runc", "crun", "runsc", "kata"];

    /// <summary>The classes that can be had; of the others it is said why not.</summary>
    public HashSet<string> Installed { get; } = ["runc"];

    public string? RuntimeUnavailable(string runtimeClass) => Installed.Contains(runtimeClass) ? null : $"{runtimeClass}d is not installed";

    public string? NetworkUnavailable { get; set; }

    /// <summary>What is said of rules that only the operator can make.</summary>
    public Func<EgressRule, string?> Closed { get; set; } = _ => null;

    public string? WhyClosed(EgressRule rule) => Closed(rule);

    public List<HealthCheck> Checks { get; } =
        [new("containerd", true, null), new("cgroup", true, null), new("storage", true, null), new("database", true, null)];

    public Task<IReadOnlyList<HealthCheck>> CheckAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<HealthCheck>>(Checks);

    public Task<HostStatus> StatusAsync(CancellationToken cancellationToken) => Task.FromResult(new HostStatus
    {
        Version = "0.1.0",
        Started = new DateTimeOffset(2026, 1, 5, 8, 0, 0, TimeSpan.Zero),
        ContainerdMode = "embedded",
        ContainerdVersion = "1.6.20",
        StorageDriver = "btrfs",
        StorageTotalBytes = 1000,
        StorageFreeBytes = 900,
        CgroupMode = "hybrid",
        GrowthUnavailable = "no v2 memory controller",
        Sandboxes = new Dictionary<string, int> { ["running"] = 2 },
        RunningExecs = 1,
        ParkedSlots = 3,
        ParkedSlotsTarget = 4,
    });

    public HostResources Resources { get; set; } = new()
    {
        Time = new DateTimeOffset(2026, 1, 5, 9, 0, 0, TimeSpan.Zero),
        Cores = 4,
        Figures = new HostFigures
        {
            TotalBytes = 67_108_864_000, AvailableBytes = 51_002_736_640, SwapTotalBytes = 200, SwapFreeBytes = 100,
            Load = new LoadAverage(0.4, 0.3, 0.2),
            Pressure = new Pressure(new StallFigures(3.1, 2, 1, default), new StallFigures(0.5, 0.25, 0, default)),
        },
        EngineVersion = "1.6.20",
        DiskTotalBytes = 1000,
        DiskFreeBytes = 400,
        RunningSandboxes = 2,
        Sandboxes = 5,
        BudgetBytes = 7,
        LimitsBytes = 8,
        UsedBytes = 9,
    };

    public AlertResult Alert { get; set; } = AlertResult.None;

    public Task<HostResources> ResourcesAsync(CancellationToken cancellationToken) => Task.FromResult(Resources);

    public Task<OomDiagnosis> DiagnoseOomAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new OomDiagnosis(Resources.Time, Resources.Figures, Alert));

    public Task<IReadOnlyList<DoctorCheck>> DoctorAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<DoctorCheck>>([new("overlay", "ok", "overlay is there", null), new("btrfs", "warn", "no btrfs", "modprobe btrfs")]);
}
