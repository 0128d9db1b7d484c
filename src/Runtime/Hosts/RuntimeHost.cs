using System.Reflection;
using Sleigh.Cgroups;
using Sleigh.Containerd;
using Sleigh.Linux;
using Sleigh.Linux.Sqlite;
using Sleigh.Network;
using Sleigh.Overlay;
using Sleigh.Runtime.Checks;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <inheritdoc cref="IHost"/>
internal sealed class RuntimeHost : IHost
{
    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(3);

    private readonly SandboxParts _parts;
    private readonly ContainerdClient _containerd;
    private readonly CgroupHierarchy _hierarchy;
    private readonly Doctor _doctor;
    private readonly HostAlerts _alerts;
    private readonly HostGauge _gauge = new("/proc");
    private readonly string _mode;
    private readonly DateTimeOffset _started;

    public RuntimeHost(
        SandboxParts parts, ContainerdClient containerd, CgroupHierarchy hierarchy, Doctor doctor, HostAlerts alerts, string mode)
    {
        (_parts, _containerd, _hierarchy, _doctor, _alerts, _mode) = (parts, containerd, hierarchy, doctor, alerts, mode);
        _started = parts.Time.GetUtcNow();
    }

    /// <summary>The version of this build, such as 0.1.0.</summary>
    public static string Version { get; } =
        typeof(RuntimeHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <inheritdoc/>
    public bool IsStopping => _parts.Execs.IsStopping;

    /// <inheritdoc/>
    public CancellationToken Stopping => _parts.Execs.Stopping;

    /// <inheritdoc/>
    public int MemoryBudgetMb => _parts.Guard.CeilingMb;

    /// <inheritdoc/>
    public string? NetworkUnavailable => _parts.Networks.Unavailable;

    /// <inheritdoc/>
    public string? WhyClosed(EgressRule rule) => _parts.Networks.WhyClosed(rule);

    /// <inheritdoc/>
    public string? DiskLimitUnavailable => !_parts.Options.Now.Storage.SoftDiskLimits && _parts.Layers.QuotaSupport is { Kind: LayerQuotaKind.None, Reason: string reason }
        ? reason
        : null;

    /// <inheritdoc/>
    public string? RuntimeUnavailable(string runtimeClass) => 
        runtimeClass == _parts.Options.Now.Sandbox.Runtime ? null : RuntimeClass.Of(runtimeClass, _parts.Options.Now).Unavailable(HostTool.Find, _hierarchy.Mode);

    /// <inheritdoc/>
    public IReadOnlyList<string> RuntimeClasses => RuntimeClass.Names;

    /// <inheritdoc/>
    public int Cores => Environment.ProcessorCount;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<HealthCheck>> CheckAsync(CancellationToken cancellationToken) =>
    [
        await ContainerdVersionAsync(cancellationToken) is null
            ? new HealthCheck("containerd", false, "containerd does not answer")
            : new HealthCheck("containerd", true, null),
        Check("cgroup", () => Directory.Exists(_hierarchy.Absolute(_parts.Options.Now.Cgroup.Subtree)), "the sandboxes' cgroup is gone"),
        Check("storage", () => _parts.Layers.Status.TotalBytes > 0, "the layer store does not answer"),
        Check("database", _parts.Records.Answers, "the database does not answer"),
    ];

    /// <inheritdoc/>
    public async Task<HostStatus> StatusAsync(CancellationToken cancellationToken)
    {
        LayerStoreStatus storage = _parts.Layers.Status;
        WarmPoolStatus pool = _parts.Pool.Status;
        return new HostStatus
        {
            Version = Version,
            Started = _started,
            ContainerdMode = _mode,
            ContainerdVersion = await ContainerdVersionAsync(cancellationToken),
            StorageDriver = storage.Driver.ToString().ToLowerInvariant(),
            StorageTotalBytes = storage.TotalBytes,
            StorageFreeBytes = storage.FreeBytes,
            CgroupMode = _hierarchy.Mode.ToString().ToLowerInvariant(),
            GrowthUnavailable = GrowthAvailability.Unavailable(_hierarchy, _parts.Options.Now.Cgroup.Subtree),
            Sandboxes = _parts.Table.All.GroupBy(e => e.View.Status.ToString().ToLowerInvariant()).ToDictionary(g => g.Key, g => g.Count()),
            RunningExecs = _parts.Execs.CountRunning(null),
            ParkedSlots = pool.Available,
            ParkedSlotsTarget = pool.TargetNow,
        };
    }

    /// <inheritdoc/>
    public async Task<HostResources> ResourcesAsync(CancellationToken cancellationToken)
    {
        HostFigures figures = _gauge.Read();
        HostMemory ledger = _parts.Memory.ReadHost();
        FileSystemStatus disk = FileSystems.Stat(_parts.Options.Now.DataDir);
        Sandbox[] sandboxes = [.. _parts.Table.All.Where(e => !e.IsDeleted).Select(e => e.View)];
        return new HostResources
        {
            Time = _parts.Time.GetUtcNow(),
            Cores = Cores,
            Figures = figures,
            EngineVersion = await ContainerdVersionAsync(cancellationToken),
            DiskTotalBytes = disk.TotalBytes,
            DiskFreeBytes = disk.AvailableBytes,
            RunningSandboxes = sandboxes.Count(s => s.Status == SandboxStatus.Running),
            Sandboxes = sandboxes.Length,
            BudgetBytes = ledger.BudgetBytes,
            LimitsBytes = ledger.LimitsBytes,
            UsedBytes = ledger.UsedBytes,
        };
    }

    /// <inheritdoc/>
    public async Task<OomDiagnosis> DiagnoseOomAsync(CancellationToken cancellationToken)
    {
        OomDiagnosis diagnosis = new(_parts.Time.GetUtcNow(), _gauge.Read(), AlertResult.None);
        return diagnosis with { Alert = await _alerts.TellAsync(diagnosis, cancellationToken) };
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<DoctorCheck>> DoctorAsync(CancellationToken cancellationToken) => _doctor.ExamineAsync(cancellationToken);

    private static HealthCheck Check(string name, Func<bool> isWell, string message)
    {
        try
        {
            return isWell() ? new HealthCheck(name, true, null) : new HealthCheck(name, false, message);
        }
        catch (Exception e) when (e is IOException or SqliteException or ObjectDisposedException)
        {
            return new HealthCheck(name, false, message);
        }
    }

    private async Task<string?> ContainerdVersionAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CheckLimit);
        try
        {
            return (await _containerd.Version.GetAsync(limit.Token)).Version;
        }
        catch (Exception e) when (e is ContainerdException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
