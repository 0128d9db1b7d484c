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
    /// <exception cref="StartException">It cannot be opened.</exception>
    public static async Task<OpenRuntime> OpenAsync(
        LiveOptions live, DataLock held, ILoggerFactory loggers, TimeProvider time, Action<string> phase, CancellationToken cancellationToken)
    {
        SleighOptions options = live.Now;
        ILogger logger = loggers.CreateLogger("Sleigh");
        await using Opened opened = new();
        phase("opening the database");
        RecordStore records = Storage(options, () => RecordStore.Open(options.DatabasePath, time, () => live.Now.Events.KeptPerSession));
        opened.Add(records);
        string instance = records.MetaOrAdd("instance", () => RandomNumberGenerator.GetHexString(16, lowercase: true));

        // What can refuse without leaving anything behind comes first; a private containerd and the pool's mount outlive the daemon.
        CgroupHierarchy hierarchy = Hierarchy(options.Cgroup.Subtree);
        SlotPaths paths = new(options.StateDir, options.Cgroup.Subtree, hierarchy.Mode);
        Storage(options, () =>
        {
            Skeleton.Prepare(paths.Skeleton, options.Init.Path);
            return Directory.CreateDirectory(paths.All, DataLock.OwnerOnly);
        });
        phase("reaching containerd");
        (ContainerdSupervisor? supervisor, ContainerdClient containerd) = await ContainerdAsync(options, logger, time, cancellationToken);
        opened.Add(containerd);
        phase("opening the layer store");
        LayerStore layers = await LayersAsync(options, cancellationToken);
        opened.Add(layers);

        NamespaceThread namespaces = NamespaceThread.Start();
        opened.Add(namespaces);
        TreeMounter mounter = new(namespaces, new TreeMounterOptions { StagingDirectory = Path.Combine(options.StateDir, "staging") });
        Trees trees = new(mounter, paths, live);
        SlotFactory factory = new(containerd, hierarchy, records, paths, live, instance, time, logger);
        Traffic traffic = new(time);
        HostGuard guard = new(live, MemoryInfo.Read);
        SlotPool pool = new(factory, records, guard, live, traffic, time, logger);
        ImageStore images = new(containerd);
        ImageParts imageParts = PartsOfImages(images, containerd, records, live, time, logger);
        opened.Add(imageParts.Puller);
        SandboxTable table = new();
        Spool spool = Storage(options, () => new Spool(Path.Combine(options.DataDir, "execs"), () => live.Now.Exec.SpoolMaxBytes));
        SandboxStarter starter = new(pool, trees, layers, images, records, logger);
        Execs execs = new(table, starter, records, spool, live, traffic, time, logger) { SocketOf = paths.Socket };
        SandboxParts parts = new()
        {
            Table = table, Snapshots = new SnapshotTable(), Starter = starter, Execs = execs, Pool = pool, Layers = layers,
            Images = images, ImageParts = imageParts, Records = records, Spool = spool, Guard = guard, Options = live,
            Time = time, Logger = logger, Background = new Background(logger), Traffic = traffic,
        };
        Sandboxes sandboxes = new(parts);
        Reconciler reconciler = new(parts, sandboxes, factory, trees, containerd, hierarchy, paths, instance);
        phase("looking after sandboxes that run already");
        await reconciler.RunAsync(cancellationToken);
        imageParts.Pulls.Recovered = parts.Background.BeginAsync("take back an import or pull that was cut off", () => images.RecoverAsync());
        Images.Images adminImages = new(images, new ImageBootstrap(images, options.DataDir), imageParts, table, live, time);

        Sessions sessions = new(records, live, time) { IsBusy = execs.IsBusy };
        SessionEnds ends = new(sessions, sandboxes, parts);
        ends.FinishAfterStart();
        Doctor doctor = new(() => live.Now, serves: true, time);
        opened.Keep();
        return new OpenRuntime(
            parts,
            sandboxes,
            new SandboxFiles(parts),
            sessions,
            ends,
            adminImages,
            new ImageUpkeep(adminImages, adminImages.PruneViewsAsync, live, parts.Background, time, logger),
            new RuntimeHost(parts, containerd, hierarchy, doctor, supervisor is null ? "system" : "embedded"),
            new Inspection(parts, hierarchy),
            new Idempotency(records, live, time),
            containerd, supervisor, namespaces, held);
    }

    private static ImageParts PartsOfImages(
        ImageStore images, ContainerdClient containerd, RecordStore records, LiveOptions options, TimeProvider time, ILogger logger)
    {
        LivePuller puller = new(
            now => new ImagePuller(
                containerd, null, RegistrySetup.From(now, Environment.GetEnvironmentVariable, File.Exists, line => RegistrySays(logger, line)), time),
            options);
        ImageUses uses = new(records, time, logger);
        ImageHolds holds = new();
        ImagePulls pulls = new(
            (name, platform, progress, token) => puller.UseAsync(p => images.PullAsync(name.ToString(), platform, p, progress, token)),
            () => options.Now.Images.PullTimeout, time, logger)
        {
            Pulled = uses.Note,
        };
        return new ImageParts(puller, pulls, holds, uses, new ImageFinder(images.OpenAsync, pulls, holds, uses, time));
    }

    private static T Storage<T>(SleighOptions options, Func<T> open)
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
            throw StartFailures.Storage(options, e);
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
            throw StartFailures.Storage(options, e, $"the layer store in data_dir {options.DataDir} cannot be opened");
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

    [LoggerMessage(EventId = 1001, EventName = "containerd", Level = LogLevel.Information, Message = "containerd: {Line}")]
    private static partial void ContainerdSays(ILogger logger, string line);

    [LoggerMessage(EventId = 1603, EventName = "pull", Level = LogLevel.Information, Message = "Pull: {Line}")]
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
