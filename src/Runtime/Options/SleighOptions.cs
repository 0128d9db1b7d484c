namespace Sleigh.Runtime.Options;

/// <summary>
/// Every setting of the daemon, with the defaults that hold where the configuration says nothing.
/// A value made by the configuration loader has been checked whole; a value made in code is not checked again.
/// </summary>
public sealed record SleighOptions
{
    /// <summary>Key <c>data_dir</c>: what must survive a restart of the host: database, layers, command output.</summary>
    public string DataDir { get; init; } = "/var/lib/sleigh";

    /// <summary>Key <c>state_dir</c>: what may go with a restart of the host: sockets, the skeleton root, slot directories.</summary>
    public string StateDir { get; init; } = "/run/sleigh";

    /// <summary>Section <c>http</c>.</summary>
    public HttpOptions Http { get; init; } = new();

    /// <summary>Section <c>sessions</c>.</summary>
    public SessionsOptions Sessions { get; init; } = new();

    /// <summary>Section <c>sandbox</c>.</summary>
    public SandboxOptions Sandbox { get; init; } = new();

    /// <summary>Section <c>runtimes</c>.</summary>
    public RuntimesOptions Runtimes { get; init; } = new();

    /// <summary>Section <c>network</c>.</summary>
    public NetworkingOptions Network { get; init; } = new();

    /// <summary>Section <c>exec</c>.</summary>
    public ExecOptions Exec { get; init; } = new();

    /// <summary>Section <c>memory</c>.</summary>
    public MemoryOptions Memory { get; init; } = new();

    /// <summary>Section <c>images</c>.</summary>
    public ImagesOptions Images { get; init; } = new();

    /// <summary>Section <c>pool</c>.</summary>
    public PoolOptions Pool { get; init; } = new();

    /// <summary>Section <c>snapshots</c>.</summary>
    public SnapshotsOptions Snapshots { get; init; } = new();

    /// <summary>Section <c>limits</c>.</summary>
    public LimitsOptions Limits { get; init; } = new();

    /// <summary>Section <c>mounts</c>.</summary>
    public MountsOptions Mounts { get; init; } = new();

    /// <summary>Section <c>environments</c>.</summary>
    public EnvironmentsOptions Environments { get; init; } = new();

    /// <summary>Section <c>ingress</c>.</summary>
    public IngressOptions Ingress { get; init; } = new();

    /// <summary>Section <c>cursor</c>.</summary>
    public CursorOptions Cursor { get; init; } = new();

    /// <summary>Section <c>webhooks</c>.</summary>
    public WebhooksOptions Webhooks { get; init; } = new();

    /// <summary>Section <c>events</c>.</summary>
    public EventsOptions Events { get; init; } = new();

    /// <summary>Section <c>alerts</c>.</summary>
    public AlertsOptions Alerts { get; init; } = new();

    /// <summary>Section <c>maintenance</c>.</summary>
    public MaintenanceOptions Maintenance { get; init; } = new();

    /// <summary>Section <c>containerd</c>.</summary>
    public ContainerdOptions Containerd { get; init; } = new();

    /// <summary>Section <c>storage</c>.</summary>
    public StorageOptions Storage { get; init; } = new();

    /// <summary>Section <c>cgroup</c>.</summary>
    public CgroupOptions Cgroup { get; init; } = new();

    /// <summary>Section <c>init</c>.</summary>
    public InitOptions Init { get; init; } = new();

    /// <summary>Section <c>log</c>.</summary>
    public LogOptions Log { get; init; } = new();

    /// <summary>Section <c>audit</c>.</summary>
    public AuditOptions Audit { get; init; } = new();

    /// <summary>The administrator's socket: <see cref="HttpOptions.Socket"/>, or <c>sleigh.sock</c> in <see cref="StateDir"/>.</summary>
    public string SocketPath => Http.Socket ?? Path.Combine(StateDir, "sleigh.sock");

    /// <summary>The database file in <see cref="DataDir"/>.</summary>
    public string DatabasePath => Path.Combine(DataDir, "sleigh.db");

    /// <summary>The audit log: <see cref="AuditOptions.File"/>, or <c>audit.jsonl</c> in <see cref="DataDir"/>.</summary>
    public string AuditPath => Audit.File ?? Path.Combine(DataDir, "audit.jsonl");
}
