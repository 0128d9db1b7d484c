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

    public Task<IReadOnlyList<DoctorCheck>> DoctorAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<DoctorCheck>>([new("overlay", "ok", "overlay is there", null), new("btrfs", "warn", "no btrfs", "modprobe btrfs")]);
}
