using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Sleigh.Cgroups;
using Sleigh.Containerd;
using Sleigh.Linux;
using Sleigh.Linux.KernelFiles;
using Sleigh.Linux.Sqlite;
using Sleigh.Overlay;
using Sleigh.Runtime.Images;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>Opens the parts of the runtime in their order, and says in one sentence what stands in the way.</summary>
internal static partial class RuntimeOpening
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <exception cref="StartException">It cannot be opened.</exception>
    public static async Task<OpenRuntime> OpenAsync(
        SleighOptions options, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        ILogger logger = loggers.CreateLogger("Sleigh");
        FileStream held = Storage(() => Lock(options));
        await using Opened opened = new();
        opened.Add(held);
        RecordStore records = Storage(() => RecordStore.Open(Path.Combine(options.DataDir, "sleigh.db"), time, options.Events.KeptPerSession));
        opened.Add(records);
        string instance = records.MetaOrAdd("instance", () => RandomNumberGenerator.GetHexString(16, lowercase: true));

        // What can refuse without leaving anything behind comes first; a private containerd and the pool's mount outlive the daemon.
        CgroupHierarchy hierarchy = Hierarchy(options.Cgroup.Subtree);
        SlotPaths paths = new(options.StateDir, options.Cgroup.Subtree, hierarchy.Mode);
        Storage(() =>
        {
            Skeleton.Prepare(paths.Skeleton, options.Init.Path);
            return Directory.CreateDirectory(paths.All, OwnerOnly);
        });
        (ContainerdSupervisor? supervisor, ContainerdClient containerd) = await ContainerdAsync(options, logger, time, cancellationToken);
        opened.Add(containerd);
        LayerStore layers = await LayersAsync(options, cancellationToken);
        opened.Add(layers);

        NamespaceThread namespaces = NamespaceThread.Start();
        opened.Add(namespaces);
        TreeMounter mounter = new(namespaces, new TreeMounterOptions { StagingDirectory = Path.Combine(options.StateDir, "staging") });
        Trees trees = new(mounter, paths, options.Sandbox);
        SlotFactory factory = new(containerd, hierarchy, records, paths, options, instance, logger);
        SlotLimits parked = new(options.Sandbox.MemoryMb, options.Sandbox.Cpus, Sandboxes.DefaultPids);
        Traffic traffic = new(time);
        HostGuard guard = new(options.Memory, MemoryInfo.Read);
        SlotPool pool = new(factory, records, guard, options.Pool, parked, traffic, time, logger);
        ImageStore images = new(containerd);
        ImageParts imageParts = PartsOfImages(images, containerd, records, options, time, logger);
        opened.Add(imageParts.Puller);
        SandboxTable table = new();
        Spool spool = Storage(() => new Spool(Path.Combine(options.DataDir, "execs"), options.Exec.SpoolMaxBytes));
        SandboxStarter starter = new(pool, trees, layers, images, records, logger);
        Execs execs = new(table, starter, records, spool, options, traffic, time, logger) { SocketOf = paths.Socket };
        SandboxParts parts = new()
        {
            Table = table, Snapshots = new SnapshotTable(), Starter = starter, Execs = execs, Pool = pool, Layers = layers,
            Images = images, ImageParts = imageParts, Records = records, Spool = spool, Guard = guard, Options = options,
            Time = time, Logger = logger, Background = new Background(logger), Traffic = traffic,
        };
        Sandboxes sandboxes = new(parts);
        Reconciler reconciler = new(parts, sandboxes, factory, trees, containerd, hierarchy, paths, instance);
        await reconciler.RunAsync(cancellationToken);
        imageParts.Pulls.Recovered = parts.Background.BeginAsync("take back an import or pull that was cut off", () => images.RecoverAsync());
        Images.Images adminImages = new(images, new ImageBootstrap(images, options.DataDir), imageParts, table, options, time);

        Sessions sessions = new(records, options.Sessions, time) { IsBusy = execs.IsBusy };
        SessionEnds ends = new(sessions, sandboxes, parts);
        ends.FinishAfterStart();
        Doctor doctor = new(() => options, serves: true, time);
        opened.Keep();
        return new OpenRuntime(
            parts,
            sandboxes,
            new SandboxFiles(parts),
            sessions,
            ends,
            adminImages,
            new ImageUpkeep(adminImages, adminImages.PruneViewsAsync, options, parts.Background, time, logger),
            new RuntimeHost(parts, containerd, hierarchy, doctor, supervisor is null ? "system" : "embedded"),
            new Inspection(parts, hierarchy),
            new Idempotency(records, options.Http.IdempotencyTtl, time),
            containerd, supervisor, namespaces, held);
    }

    private static ImageParts PartsOfImages(
        ImageStore images, ContainerdClient containerd, RecordStore records, SleighOptions options, TimeProvider time, ILogger logger)
    {
        RegistrySettings settings = RegistrySetup.From(options.Images, Environment.GetEnvironmentVariable, File.Exists, line => RegistrySays(logger, line));
        ImagePuller puller = new(containerd, null, settings, time);
        ImageUses uses = new(records, time, logger);
        ImageHolds holds = new();
        ImagePulls pulls = new(
            (name, platform, progress, token) => images.PullAsync(name.ToString(), platform, puller, progress, token),
            options.Images.PullTimeout, time, logger)
        {
            Pulled = uses.Note,
        };
        return new ImageParts(puller, pulls, holds, uses, new ImageFinder(images.OpenAsync, pulls, holds, uses, time));
    }

    private static T Storage<T>(Func<T> open)
    {
        try
        {
            return open();
        }
        catch (FileNotFoundException e)
        {
            throw new StartException(StartFailureKind.Host, e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new StartException(StartFailureKind.Storage, e.Message, e);
        }
    }

    // The lock goes with the process, however it ends.
    private static FileStream Lock(SleighOptions options)
    {
        Directory.CreateDirectory(options.DataDir, OwnerOnly);
        Directory.CreateDirectory(options.StateDir);
        string path = Path.Combine(options.DataDir, "sleighd.lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new StartException(
                StartFailureKind.AlreadyRunning, $"data_dir {options.DataDir} is in use by another sleighd; stop that one, or choose another data_dir", e);
        }
    }

    private static CgroupHierarchy Hierarchy(string subtree)
    {
        CgroupHierarchy hierarchy = CgroupHierarchy.Detect();
        if (hierarchy.Mode == CgroupMode.None)
        {
            throw new StartException(StartFailureKind.Host, "no cgroup2 file system is mounted on this host; mount one at /sys/fs/cgroup");
        }

        try
        {
            hierarchy.OpenOrCreate(subtree);
            return hierarchy;
        }
        catch (KernelFileException e)
        {
            throw new StartException(StartFailureKind.Host, $"cgroup.subtree {subtree} cannot be made: {e.Message}", e);
        }
    }

    private static async Task<LayerStore> LayersAsync(SleighOptions options, CancellationToken cancellationToken)
    {
        try
        {
            LayerStore layers = await LayerStore.OpenAsync(
                new LayerStoreOptions
                {
                    DataDirectory = options.DataDir,
                    Driver = Enum.Parse<LayerDriverKind>(options.Storage.Driver.ToString()),
                    PoolBytes = options.Storage.PoolSize,
                },
                cancellationToken);
            return layers;
        }
        catch (Exception e) when (e is LayerStoreUnavailableException or IOException or UnauthorizedAccessException)
        {
            throw new StartException(StartFailureKind.Storage, $"the layer store in data_dir {options.DataDir} cannot be opened: {e.Message}", e);
        }
    }

    private static async Task<(ContainerdSupervisor? Supervisor, ContainerdClient Client)> ContainerdAsync(
        SleighOptions options, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        ContainerdPlace place = ContainerdPlace.Of(options);
        ContainerdSupervisor? supervisor = !place.IsPrivate ? null : new ContainerdSupervisor(
            new ContainerdSupervisorOptions
            {
                Root = ContainerdPlace.Root(options),
                State = ContainerdPlace.State(options),
                Binary = options.Containerd.Binary,
                Report = line => ContainerdSays(logger, line),
            },
            time);
        ContainerdClient client = new(new Containerd.ContainerdOptions { SocketPath = place.Socket }, time);
        try
        {
            if (supervisor is not null)
            {
                await supervisor.StartAsync(cancellationToken);
            }

            await client.Namespaces.EnsureAsync(client.Options.Namespace, cancellationToken);
            return (supervisor, client);
        }
        catch (ContainerdException e)
        {
            client.Dispose();
            string what = supervisor is null ? $"containerd at {options.Containerd.Address} (containerd.mode system)" : "the private containerd";
            throw new StartException(StartFailureKind.Containerd, $"{what} cannot be used: {e.Message}", e);
        }
    }

    [LoggerMessage(EventId = 1001, Level = LogLevel.Information, Message = "containerd: {Line}")]
    private static partial void ContainerdSays(ILogger logger, string line);

    [LoggerMessage(EventId = 1603, Level = LogLevel.Information, Message = "Pull: {Line}")]
    private static partial void RegistrySays(ILogger logger, string line);

    /// <summary>Closes what was opened when a later step fails.</summary>
    private sealed class Opened : IAsyncDisposable
    {
        private readonly Stack<object> _parts = new();

        public void Add(object part) => _parts.Push(part);

        public void Keep() => _parts.Clear();

        public async ValueTask DisposeAsync()
        {
            while (_parts.TryPop(out object? part))
            {
                if (part is IAsyncDisposable asynchronous)
                {
                    await asynchronous.DisposeAsync();
                }
                else
                {
                    ((IDisposable)part).Dispose();
                }
            }
        }
    }
}
