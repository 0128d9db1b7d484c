using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Cgroups;
using Sleigh.Containerd;
using Sleigh.Linux;
using Sleigh.Network;
using Sleigh.Overlay;
using Sleigh.Runtime.Init;
using Sleigh.Runtime.Networking;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Proc;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Slots;

/// <summary>Makes slots from nothing, finds them again after a restart of the daemon, and destroys them without a trace.</summary>
internal sealed partial class SlotFactory
{
    private const int Sigkill = 9;

    private static readonly TimeSpan InitStartLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CutOffLimit = TimeSpan.FromSeconds(5);

    private readonly ContainerdClient _containerd;
    private readonly CgroupHierarchy _hierarchy;
    private readonly RecordStore _records;
    private readonly SlotPaths _paths;
    private readonly LiveOptions _options;
    private readonly SandboxNetworks _networks;
    private readonly SandboxUsers _users;
    private readonly string _instance;
    private readonly SlotDevices _devices;
    private readonly SlotMachine _machine;
    private readonly ILogger _logger;

    public SlotFactory(
        ContainerdClient containerd, CgroupHierarchy hierarchy, RecordStore records, SlotPaths paths, LiveOptions options,
        SandboxNetworks networks, SandboxUsers users, string instance, TimeProvider time, ILogger logger)
    {
        (_networks, _users) = (networks, users);
        (_containerd, _hierarchy, _records, _paths, _options, _instance, _logger) =
            (containerd, hierarchy, records, paths, options, instance, logger);
        LimitsThroughRuntime = !hierarchy.CanLimitMemory(options.Now.Cgroup.Subtree);
        _devices = new SlotDevices(hierarchy);
        _machine = new SlotMachine(options, paths);
        Leftovers = new SlotLeftovers(DestroyAsync, time, logger);
    }

    /// <summary>The label by which containerd's list tells our containers from those of another installation.</summary>
    public const string InstanceLabel = "sleigh.instance";

    /// <summary>Whether limits have to go through the container runtime, because cgroup v2 lacks the memory controller here.</summary>
    public bool LimitsThroughRuntime { get; }

    /// <summary>Whether slots can be connected to the network, as far as can be told without trying.</summary>
    public bool CanConnect => _networks.Unavailable is null;

    /// <summary>Slots whose removal has failed.</summary>
    public SlotLeftovers Leftovers { get; }

    /// <summary>Starts a container; its record is <see cref="SlotState.Making"/> until the very end. Undone whole when it fails.</summary>
    /// <exception cref="ContainerdException">containerd refused or did not answer.</exception>
    /// <exception cref="IOException">The kernel refused, or sleigh-init did not come up.</exception>
    public async Task<Slot> MakeAsync(SlotLimits limits, SlotState state, string runtime, NetworkMode mode, CancellationToken cancellationToken)
    {
        RuntimeClass starter = RuntimeClass.Of(runtime, _options.Now);
        limits = Fit(limits);
        PhaseClock phase = new();
        SlotId id = SlotId.New();
        await using UndoStack undo = new(_logger);
        SandboxNamespace? network = null;
        if (mode == NetworkMode.Bridge)
        {
            network = await _networks.TakeAsync(cancellationToken);
            undo.Push($"network of {id}", token => _networks.DestroyAsync(network.Name, token));
        }

        using SafeFileHandle? users = await _users.ForAsync(network?.Path, cancellationToken);
        SlotSpec spec = SpecOf(id, mode) with { NetworkNamespace = network?.Path, RuntimeLimits = LimitsThroughRuntime ? limits : null };
        string mark = SlotSpecMark.Of(spec, starter);
        _records.PutSlot(new SlotRecord(id, SlotState.Making, null, 0, limits) { Mode = mode, Network = network?.Name, Mark = mark });
        undo.Push($"slot {id}", token => UndoAsync(id, token));

        Directory.CreateDirectory(_paths.Directory(id), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        SlotProc? files = _machine.Prepare(id, limits, spec.Proc);
        SlotOwners.GiveDirectory(_paths.Directory(id), _users.Owners);
        (Cgroup group, Cgroup execs) = MakeCgroups(id, limits);
        SlotOwners.GiveCgroup(group, _users.Owners);
        TimeSpan prepared = phase.Lap();
        await _containerd.Containers.CreateAsync(
            new NewContainer
            {
                Id = id.ToString(),
                Spec = SlotSpecWriter.Write(spec with
                {
                    UserNamespace = users is null ? null : UserNamespace.PathOf(users),
                    OpenFilesByInit = users is not null && !OpenFilesLimit.MayBeGivenInNamespaces,
                }),
                Runtime = starter.Shim,
                RuntimeOptions = starter.ShimOptions,
                Labels = new Dictionary<string, string> { [InstanceLabel] = _instance },
            },
            cancellationToken);
        TimeSpan container = phase.Lap();
        int pid = await CreateTaskAsync(id, cancellationToken);
        TimeSpan task = phase.Lap();
        await _containerd.Tasks.StartAsync(id.ToString(), cancellationToken: cancellationToken);
        TimeSpan start = phase.Lap();
        Slot slot = await OpenAsync(id, limits, pid, group, execs, files, mode, network, cancellationToken);
        slot.Mark = mark;
        if (limits.Cpus is not null)
        {
            _machine.Bind(slot, limits.Cpus);
            files?.Refresh(slot);
        }

        SlotOwners.MoveInit(slot, _hierarchy.Mode);
        _records.PutSlot(new SlotRecord(id, state, null, pid, limits));
        undo.Complete();
        Made(
            _logger, id.ToString(), phase.Total.TotalMilliseconds, prepared.TotalMilliseconds, container.TotalMilliseconds, task.TotalMilliseconds,
            start.TotalMilliseconds, phase.Lap().TotalMilliseconds);
        return slot;
    }

    /// <summary>Whether a slot, perhaps of an earlier run of the daemon, is what would be made for this runtime class now.</summary>
    public bool IsCurrent(Slot slot, string runtime) => slot.Mark == SlotSpecMark.Of(SpecOf(slot.Id, slot.Mode), RuntimeClass.Of(runtime, _options.Now));

    /// <summary>Finds a slot that an earlier run of the daemon made; null when it is not there any more or does not answer.</summary>
    public async Task<Slot?> AdoptAsync(SlotRecord record, CancellationToken cancellationToken)
    {
        string cgroup = _hierarchy.Absolute(_paths.Cgroup(record.Id));
        TaskState? task = await _containerd.Tasks.FindAsync(record.Id.ToString(), cancellationToken: cancellationToken);
        if (task is not { Status: ContainerTaskStatus.Running } || task.Pid != record.ProcessId
            || Cgroup.TryOpen(cgroup) is not Cgroup group || Cgroup.TryOpen(Path.Combine(cgroup, "execs")) is not Cgroup execs)
        {
            return null;
        }

        try
        {
            Slot slot = await OpenAsync(
                record.Id, LimitsNow(record.Limits, group, execs), task.Pid, group, execs, _machine.Find(record.Id), record.Mode,
                record.Network is NamespaceName network ? _networks.Find(network) : null, cancellationToken);
            slot.Mark = record.Mark;
            slot.Proc?.Refresh(slot);
            return slot;
        }
        catch (IOException e)
        {
            NotAdopted(_logger, record.Id.ToString(), e);
            return null;
        }
    }

    /// <summary>Puts other limits in force.</summary>
    public async Task ApplyLimitsAsync(Slot slot, SlotLimits limits, CancellationToken cancellationToken)
    {
        limits = Fit(limits);
        if (slot.Limits == limits)
        {
            return;
        }

        if (LimitsThroughRuntime)
        {
            await _containerd.Tasks.UpdateAsync(slot.Id.ToString(), RuntimeResources(limits), cancellationToken);
        }
        else
        {
            WriteLimits(slot.Group, slot.Execs, limits);
        }

        if (slot.Limits.Cpus != limits.Cpus)
        {
            _machine.Bind(slot, limits.Cpus);
        }

        slot.Limits = limits;
    }

    /// <summary>
    /// Ends a slot's processes and removes its task, container, cgroups, directory and record. Parts that are gone already are
    /// passed over, so it can be called at any time and again after a failure.
    /// </summary>
    public async Task DestroyAsync(SlotId id, CancellationToken cancellationToken)
    {
        string name = id.ToString();
        Cgroup? group = Cgroup.TryOpen(_hierarchy.Absolute(_paths.Cgroup(id)));
        Cgroup.TryOpen(Path.Combine(_hierarchy.Absolute(_paths.Cgroup(id)), "execs"))?.Kill();
        if (await _containerd.Tasks.FindAsync(name, cancellationToken: cancellationToken) is not null)
        {
            Task<TaskExit> end = _containerd.Tasks.WaitAsync(name, cancellationToken: cancellationToken);
            await KillAsync(id, cancellationToken);
            await PassOverMissingAsync(() => end);
            await PassOverMissingAsync(() => _containerd.Tasks.DeleteAsync(name, cancellationToken));
        }
        else
        {
            if (Cgroup.TryOpen(InitInSlot(id)) is Cgroup moved)
            {
                await moved.KillAsync(EndLimit, cancellationToken);
            }

            await ForgottenTask.RemoveAsync(name, _hierarchy, _paths.InitCgroup(id), EndLimit, cancellationToken);
        }

        await PassOverMissingAsync(() => _containerd.Containers.DeleteAsync(name, cancellationToken));
        if (group is not null)
        {
            await group.RemoveAsync(EndLimit, cancellationToken);
        }

        // Behind the container: until then its processes might still send.
        if (_records.FindNetwork(id) is NamespaceName network)
        {
            await _networks.DestroyAsync(network, cancellationToken);
        }

        if (Directory.Exists(_paths.Directory(id)))
        {
            Directory.Delete(_paths.Directory(id), recursive: true);
        }

        _records.RemoveSlot(id);
    }

    /// <summary>Whether a slot's users are those that the setting asks for now.</summary>
    public bool HasUsersOfNow(Slot slot) => slot.Owners == _users.Owners;

    /// <summary>The limits as this host can keep them: a brake needs the memory controller of cgroup v2.</summary>
    public SlotLimits Fit(SlotLimits limits) => LimitsThroughRuntime ? limits with { WallMb = null } : limits;

    private SlotSpec SpecOf(SlotId id, NetworkMode mode) => new()
    {
        SkeletonDirectory = _paths.Skeleton,
        HostDirectory = _paths.Directory(id),
        CgroupsPath = _paths.InitCgroup(id),
        Capabilities = Capabilities.In(mode, _options.Now.Sandbox.Capabilities),
        SharesHostNetwork = mode == NetworkMode.Host,
        Proc = _machine.Plan(id),
        OpenFiles = _options.Now.Sandbox.OpenFiles,
    };

    // A limit that has grown is written nowhere but in the kernel.
    private SlotLimits LimitsNow(SlotLimits recorded, Cgroup group, Cgroup execs)
    {
        if (LimitsThroughRuntime || group.ReadMemoryMax() is not long wall)
        {
            return recorded;
        }

        return execs.ReadMemoryHigh() is long brake
            ? recorded with { MemoryMb = (int)(brake >> 20), WallMb = (int)(wall >> 20) }
            : recorded with { MemoryMb = (int)(wall >> 20), WallMb = null };
    }

    // Cut off in the midst of it, containerd forgets the task while its shim is about to come up, perhaps only after we have looked for
    // one. So it is let finish, and then removed like any other; only where it hangs is it cut off.
    private async Task<int> CreateTaskAsync(SlotId id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using CancellationTokenSource hangs = new();
        await using CancellationTokenRegistration _ = cancellationToken.Register(() => hangs.CancelAfter(CutOffLimit));
        int pid = await _containerd.Tasks.CreateAsync(id.ToString(), cancellationToken: hangs.Token);
        cancellationToken.ThrowIfCancellationRequested();
        return pid;
    }

    private async Task UndoAsync(SlotId id, CancellationToken cancellationToken)
    {
        try
        {
            await DestroyAsync(id, cancellationToken);
        }
        catch (Exception e) when (SlotLeftovers.IsPassing(e))
        {
            Leftovers.Add(id, e);
        }
    }

    // One write to the cgroup does it. Asked for it, the shim would start a process of the container runtime.
    private async Task KillAsync(SlotId id, CancellationToken cancellationToken)
    {
        Cgroup[] groups = [.. InitCgroups(id).Where(group => group.ReadProcesses().Count > 0)];
        Array.ForEach(groups, group => group.Kill());
        if (groups.Length == 0)
        {
            await PassOverMissingAsync(() => _containerd.Tasks.KillAsync(id.ToString(), Sigkill, all: true, cancellationToken: cancellationToken));
        }
    }

    private IEnumerable<Cgroup> InitCgroups(SlotId id) =>
        new[] { _hierarchy.Absolute(_paths.InitCgroup(id)), InitInSlot(id) }.Distinct().Select(Cgroup.TryOpen).OfType<Cgroup>();

    // Where SlotOwners.MoveInit has put PID 1 on a hybrid host.
    private string InitInSlot(SlotId id) => Path.Combine(_hierarchy.Absolute(_paths.Cgroup(id)), "init");

    private static async Task PassOverMissingAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (ContainerdException e) when (e.Kind is ContainerdErrorKind.NotFound)
        {
            // What is gone need not be removed.
        }
    }

    // The brake is on the commands alone: what ends them and carries their output must not be slowed by it.
    private static void WriteLimits(Cgroup group, Cgroup execs, SlotLimits limits)
    {
        group.SetMemoryMax(limits.WallBytes);
        execs.SetMemoryHigh(limits.BrakeBytes);
        group.SetSwapMax(0);
        group.SetPidsMax(limits.PidsWithInit);
        group.SetCpuMax(CpuMax.OfCpus(limits.Cpus));
    }

    private static byte[] RuntimeResources(SlotLimits limits)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            SlotSpecWriter.WriteLimits(json, limits);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private (Cgroup Group, Cgroup Execs) MakeCgroups(SlotId id, SlotLimits limits)
    {
        Cgroup group = _hierarchy.OpenOrCreate(_paths.Cgroup(id));
        _devices.Limit(group);
        Cgroup execs = Cgroup.OpenOrCreate(group, "execs");
        if (!LimitsThroughRuntime)
        {
            _hierarchy.EnableControllers(_paths.Cgroup(id) + "/execs", Controllers.Memory | Controllers.Pids | Controllers.Cpu | Controllers.Io);
            WriteLimits(group, execs, limits);
        }

        return (group, execs);
    }

    private async Task<Slot> OpenAsync(
        SlotId id, SlotLimits limits, int pid, Cgroup group, Cgroup execs, SlotProc? files, NetworkMode mode, SandboxNamespace? network, CancellationToken cancellationToken)
    {
        ProcessHandle process = ProcessHandle.Open(pid);
        SlotNamespaces? namespaces = null;
        try
        {
            InitConnection init = await ConnectAsync(id, process, cancellationToken);
            try
            {
                namespaces = SlotNamespaces.Open(pid);
                return new Slot(id, limits, process, namespaces, init, group, execs)
                {
                    Proc = files,
                    OwnerMap = _users.MapOf(pid),
                    Mode = mode,
                    Network = network,
                    LegacyMemory = LimitsThroughRuntime ? SlotGauge.OwnGroup(_hierarchy.Mounts, pid, id.ToString(), "memory") : null,
                };
            }
            catch (Exception)
            {
                await init.DisposeAsync();
                throw;
            }
        }
        catch (Exception)
        {
            namespaces?.Dispose();
            process.Dispose();
            throw;
        }
    }

    // The task has started when containerd says so, but sleigh-init binds its socket some tenths of a millisecond later.
    private async Task<InitConnection> ConnectAsync(SlotId id, ProcessHandle process, CancellationToken cancellationToken)
    {
        long begin = Environment.TickCount64;
        while (true)
        {
            try
            {
                return await InitConnection.ConnectAsync(_paths.Socket(id), cancellationToken);
            }
            catch (IOException) when (process.IsAlive && Environment.TickCount64 - begin < InitStartLimit.TotalMilliseconds)
            {
                await Task.Delay(1, cancellationToken);
            }
            catch (IOException e)
            {
                string after = TimeSpan.FromMilliseconds(Environment.TickCount64 - begin).TotalSeconds.ToString("F1", CultureInfo.InvariantCulture);
                throw new IOException($"sleigh-init of {id} did not answer on its socket after {after}s (alive: {process.IsAlive})", e);
            }
        }
    }

    [LoggerMessage(EventId = 1211, EventName = "park", Level = LogLevel.Debug, Message = "Made {Slot} in {Total:F1} ms: cgroups {Cgroups:F1}, container {Container:F1}, task {Task:F1}, start {Start:F1}, init {Init:F1}")]
    private static partial void Made(ILogger logger, string slot, double total, double cgroups, double container, double task, double start, double init);

    [LoggerMessage(EventId = 1210, EventName = "adopt", Level = LogLevel.Warning, Message = "Slot {Slot} runs but could not be taken over; it will be replaced")]
    private static partial void NotAdopted(ILogger logger, string slot, Exception exception);
}
