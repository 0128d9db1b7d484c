namespace Sleigh.Containerd;

/// <summary>
/// All of containerd that Sleigh uses, over one connection that is made when needed and again after a restart. Safe for use by
/// many callers at once. Every call may throw <see cref="ContainerdException"/>, or <see cref="OperationCanceledException"/> when
/// the caller's token is cancelled.
/// </summary>
public sealed class ContainerdClient : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly bool _ownsChannel;

    /// <summary>Makes a client; nothing is sent yet.</summary>
    /// <param name="options">Where containerd is.</param>
    /// <param name="time">The clock, for time limits.</param>
    /// <exception cref="ContainerdException">The socket path is too long.</exception>
    public ContainerdClient(ContainerdOptions options, TimeProvider? time = null)
        : this(new GrpcChannel(options.SocketPath, time ?? TimeProvider.System), options, lease: null, time ?? TimeProvider.System, ownsChannel: true)
    {
    }

    private ContainerdClient(GrpcChannel channel, ContainerdOptions options, string? lease, TimeProvider time, bool ownsChannel)
    {
        _channel = channel;
        _ownsChannel = ownsChannel;
        Options = options;
        Time = time;
        var caller = new GrpcCaller(channel, options.Namespace, lease, options.CallTimeout);
        Version = new VersionService(caller);
        Introspection = new IntrospectionService(caller);
        Namespaces = new NamespacesService(caller);
        Leases = new LeasesService(caller);
        Images = new ImagesService(caller);
        Content = new ContentService(caller);
        Snapshots = new SnapshotsService(caller);
        Diff = new DiffService(caller);
        Containers = new ContainersService(caller);
        Tasks = new TasksService(caller);
        Events = new ContainerdEvents(caller, time);
    }

    /// <summary>What the client was made with.</summary>
    public ContainerdOptions Options { get; }

    /// <summary>containerd's version.</summary>
    public VersionService Version { get; }

    /// <summary>containerd's plugins and identity.</summary>
    public IntrospectionService Introspection { get; }

    /// <summary>containerd's namespaces.</summary>
    public NamespacesService Namespaces { get; }

    /// <summary>Leases, which keep things from garbage collection.</summary>
    public LeasesService Leases { get; }

    /// <summary>Image records (a name that points to a blob).</summary>
    public ImagesService Images { get; }

    /// <summary>The content store.</summary>
    public ContentService Content { get; }

    /// <summary>Snapshots of the overlayfs snapshotter.</summary>
    public SnapshotsService Snapshots { get; }

    /// <summary>Unpacking of layers.</summary>
    public DiffService Diff { get; }

    /// <summary>Container records.</summary>
    public ContainersService Containers { get; }

    /// <summary>Running containers.</summary>
    public TasksService Tasks { get; }

    /// <summary>The event stream.</summary>
    public ContainerdEvents Events { get; }

    internal TimeProvider Time { get; }

    /// <summary>The same client, but what its calls make is kept by a lease. It shares the connection and needs no disposal.</summary>
    public ContainerdClient WithLease(string leaseId) => new(_channel, Options, leaseId, Time, ownsChannel: false);

    /// <summary>The same client in another namespace of containerd. It shares the connection and needs no disposal.</summary>
    public ContainerdClient WithNamespace(string name) => new(_channel, Options with { Namespace = name }, null, Time, ownsChannel: false);

    /// <summary>Closes the connection; calls under way fail.</summary>
    public void Dispose()
    {
        if (_ownsChannel)
        {
            _channel.Dispose();
        }
    }
}
