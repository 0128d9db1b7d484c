using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Sleigh.Cgroups;
using Sleigh.Containerd;
using Sleigh.Linux;
using Sleigh.Linux.KernelFiles;
using Sleigh.Linux.Sockets;
using Sleigh.Linux.Sqlite;
using Sleigh.Overlay;
using Sleigh.Runtime.Exports;
using Sleigh.Runtime.Images;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Networking;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Proc;
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
        SubtreeLock subtree = SubtreeLock.Take(hierarchy, options.Cgroup.Subtree);
        opened.Add(subtree);
        SlotPaths paths = new(options.StateDir, options.Cgroup.Subtree, hierarchy.Mode);
        Storage(options, () =>
        {
            Skeleton.Prepare(paths.Skeleton, options.Init.Path);
            return Directory.CreateDirectory(paths.All, DataLock.OwnerOnly);
        });
        SandboxUsers users = await SandboxUsers.OpenAsync(options, paths.Skeleton, logger, cancellationToken);
        opened.Add(users);
        phase("reaching containerd");
        (ContainerdSupervisor? supervisor, ContainerdClient containerd) = await ContainerdAsync(options, logger, time, cancellationToken);
        opened.Add(containerd);
        phase("opening the layer store");
        LayerStore layers = await LayersAsync(options, cancellationToken);
        opened.Add(layers);

        NamespaceThread namespaces = NamespaceThread.Start();
        opened.Add(namespaces);
        NetworkThread network = NetworkThread.Start();
        opened.Add(network);
        TreeMounter mounter = new(namespaces, new TreeMounterOptions { StagingDirectory = Path.Combine(options.StateDir, "staging") });
        Trees trees = new(mounter, live);
        phase("opening the network of the sandboxes");
        Traffic traffic = new(time);
        SandboxNetworks networks = new(live, records, users, instance, traffic, logger);
        opened.Add(networks);
        await networks.OpenAtStartAsync(cancellationToken);
        SlotFactory factory = new(containerd, hierarchy, records, paths, live, networks, users, instance, time, logger);
        HostGuard guard = new(live, MemoryInfo.Read);
        SlotPool pool = new(factory, records, guard, live, traffic, time, logger);
        ImageStore images = new(containerd);
        ImageParts imageParts = PartsOfImages(images, containerd, records, live, time, logger);
        opened.Add(imageParts.Puller);
        SandboxTable table = new();
        Spool spool = Storage(options, () => new Spool(Path.Combine(options.DataDir, "execs"), () => live.Now.Exec.SpoolMaxBytes));
        opened.Add(spool.Spares);
        ExportSpool exports = Storage(options, () => new ExportSpool(Path.Combine(options.DataDir, "exports")));
        HostZones zones = new(live);
        HostMounter hostMounter = new(namespaces);
        MountAttacher mounts = new(hostMounter, zones, logger);
        SandboxStarter starter = new(pool, networks, trees, mounts, layers, images, records, logger);
        Background background = new(logger);
        Execs execs = new(table, starter, records, spool, live, traffic, background, time, logger) { SocketOf = paths.Socket };
        DiskLimits disks = new(layers, table, live, time, logger) { EndCommands = execs.EndForDisk };
        opened.Add(disks);
        (execs.DiskUse, execs.RequireRoom, starter.HoldDisk) = (disks.UseOf, disks.RequireRoomAsync, disks.HoldAsync);
        starter.Started += (entry, _) => entry.DiskLimitKind = disks.KindOf(entry.Record);
        ProcKeeper proc = new(table, time);
        opened.Add(proc);
        RefusalWatch refusals = new(table, networks, records, time, logger);
        opened.Add(refusals);
        execs.Beginning = proc.Hear;
        MemoryTeller teller = new(records, logger);
        opened.Add(teller);
        string? noGrowth = GrowthAvailability.Unavailable(hierarchy, options.Cgroup.Subtree);
        StallTrigger? stalls = noGrowth is null ? StallTrigger.Choose(options.Memory.StallThreshold, options.Memory.StallWindow) : null;
        GrowthLoop? growth = noGrowth is null ? new GrowthLoop(MemoryInfo.Read, execs.CountRunning, live, stalls, teller, MemoryWatch.Open, time, logger) : null;
        string signals = MemorySignals.Describe(noGrowth, stalls);
        if (noGrowth is null && stalls is { Limitation: null })
        {
            Hears(logger, signals);
        }
        else
        {
            HearsLess(logger, signals);
        }

        MemoryParts memoryParts = new(table, records, factory, guard, live, teller, hierarchy, MemoryInfo.Read, time);
        MemoryService memory = new(memoryParts, growth, noGrowth, signals);
        starter.Started += memory.Watch;
        starter.Resuming = memory.Resume;
        execs.Growth = memory;
        SandboxParts parts = new()
        {
            Memory = memory, Growth = growth, Networks = networks,
            Table = table, Snapshots = new SnapshotTable(), Starter = starter, Execs = execs, Pool = pool, Mounts = mounts, Layers = layers, DiskLimits = disks,
            Images = images, ImageParts = imageParts, Records = records, FileWrites = new FileWrites(records, layers, logger), Spool = spool,
            Guard = guard, Options = live,
            Time = time, Logger = logger, Background = background, Traffic = traffic,
        };
        Sandboxes sandboxes = new(parts);
        live.OnChange(_ =>
        {
            foreach (SandboxEntry entry in table.All.Where(e => e.Record.Sandbox.Egress is not null))
            {
                background.Run($"put the policy of {entry.Id} in force", () => sandboxes.RenewEgressAsync(entry));
            }
        });
        LiveMounts liveMounts = new(parts, zones, hostMounter);
        Ports ports = new(parts, new PortConnector(network.OpenTcp, network.HostInode, ConnectionBudget.Of(OpenFileLimit.Read().Soft), time));
        sandboxes.Deleting = ports.Forget;
        StraySlots strays = new(factory.DestroyAsync, factory.Leftovers, ForgottenTask.Shims, records, hierarchy, paths, supervisor is null ? null : containerd.Options.SocketPath, logger);
        Reconciler reconciler = new(parts, sandboxes, liveMounts, factory, strays, trees, containerd, hierarchy, paths, instance);
        phase("looking after sandboxes that run already");
        await reconciler.RunAsync(cancellationToken);
        ports.Adopt();
        imageParts.Pulls.Recovered = parts.Background.BeginAsync("take back an import or pull that was cut off", () => images.RecoverAsync());
        Images.Images adminImages = new(images, new ImageBootstrap(images, options.DataDir), imageParts, table, live, time);

        Webhooks webhooks = new(records, live);
        WebhookSender webhookSender = new(live, () => webhooks.Secret, time);
        opened.Add(webhookSender);
        HostAlerts alerts = new(webhookSender.SendAsync, live, parts.Background, time, logger);
        Sessions sessions = new(records, live, time) { IsBusy = session => execs.IsBusy(session) || ports.IsBusy(session) };
        ports.UsedBy = sessions.Use;
        SessionEnds ends = new(sessions, sandboxes, parts);
        ends.FinishAfterStart();
        Scrubs scrubs = new(parts.Layers, records, live, () => execs.CountRunning(null) == 0, time, logger);
        Doctor doctor = new(() => live.Now, serves: true, time, users.IsOn);
        opened.Keep();
        return new OpenRuntime(
            parts,
            sandboxes,
            new SandboxFiles(parts, mounter),
            liveMounts,
            ports,
            new Environments(parts, zones),
            zones,
            new SnapshotDiffs(parts, mounter),
            new SnapshotExports(parts, mounter, exports, adminImages),
            sessions,
            ends,
            adminImages,
            new ImageUpkeep(adminImages, adminImages.PruneViewsAsync, live, parts.Background, time, logger),
            new RuntimeHost(parts, containerd, hierarchy, doctor, alerts, supervisor is null ? "system" : "embedded"),
            new Inspection(parts, hierarchy),
            new Fsck(parts, sandboxes, liveMounts, scrubs),
            new Idempotency(records, live, time),
            webhooks,
            webhookSender,
            new WebhookDeliverer(records, webhookSender.SendAsync, time, Random.Shared.NextDouble, logger),
            new Retention(records, spool, sandboxes.DeleteOldSnapshotsAsync, sandboxes.DeleteSurplusSnapshotsAsync, live, background, time, logger, execs.Stopping),
            scrubs,
            teller, proc, refusals, containerd, supervisor, namespaces, network, users, strays, subtree, held);
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
            return await LayerStore.OpenAsync(
                new LayerStoreOptions
                {
                    DataDirectory = options.DataDir,
                    Driver = Enum.Parse<LayerDriverKind>(options.Storage.Driver.ToString()),
                    PoolBytes = options.Storage.PoolSize,
                },
                cancellationToken);
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

    [LoggerMessage(EventId = 1808, EventName = "memory", Level = LogLevel.Information, Message = "Memory grows on: {Signals}")]
    private static partial void Hears(ILogger logger, string signals);

    [LoggerMessage(EventId = 1809, EventName = "memory", Level = LogLevel.Warning, Message = "Memory grows with less than all signals, or not at all: {Signals}")]
    private static partial void HearsLess(ILogger logger, string signals);

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
