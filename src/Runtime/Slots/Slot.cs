using Microsoft.Win32.SafeHandles;
using Sleigh.Cgroups;
using Sleigh.Linux;
using Sleigh.Linux.KernelFiles;
using Sleigh.Network;
using Sleigh.Overlay;
using Sleigh.Runtime.Init;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Proc;

namespace Sleigh.Runtime.Slots;

/// <summary>A running container with sleigh-init as PID 1, parked or with a sandbox's tree mounted in it. Disposing it closes descriptors only.</summary>
internal sealed class Slot : IStockItem, IMemorySlot, IAsyncDisposable
{
    private readonly ProcessHandle _process;
    private SlotLimits _limits;
    private long _toldKills;

    public Slot(SlotId id, SlotLimits limits, ProcessHandle process, SlotNamespaces namespaces, InitConnection init, Cgroup group, Cgroup execs)
    {
        (Id, _limits, _process, Namespaces, Init, Group, Execs) = (id, limits, process, namespaces, init, group, execs);
        ProcessId = process.Id;
    }

    public SlotId Id { get; }

    /// <summary>For which kind of network it was made.</summary>
    public NetworkMode Mode { get; init; }

    /// <summary>Its place in the network, with <see cref="NetworkMode.Bridge"/>; null: it has none, or the network has lost it or is not open.</summary>
    public SandboxNamespace? Network { get; set; }

    /// <summary>What its container was made as (<see cref="SlotSpecMark"/>); null: by a version that had no marks.</summary>
    public string? Mark { get; set; }

    /// <summary>PID 1 as the host sees it.</summary>
    public int ProcessId { get; }

    /// <summary>The limits in force.</summary>
    public SlotLimits Limits
    {
        get => _limits;
        set
        {
            _limits = value;
            Proc?.Refresh(this);
        }
    }

    /// <summary>The files that tell the sandbox of its machine; null where they are not the daemon's.</summary>
    public SlotProc? Proc { get; init; }

    /// <summary>Whether its commands are frozen to save memory.</summary>
    public bool IsSqueezed { get; set; }

    /// <summary>Called once when it is disposed of.</summary>
    public Action? Ended { get; set; }

    public SlotNamespaces Namespaces { get; }

    /// <summary>How its tree is mounted so that its users have their own files; null: its users are the host's.</summary>
    public OwnerMap? OwnerMap { get; init; }

    /// <summary>How the owners of its files show to the daemon.</summary>
    public TreeOwners Owners => OwnerMap?.Owners ?? default;

    /// <summary>Replaced when the connection was lost although PID 1 lives.</summary>
    public InitConnection Init { get; set; }

    /// <summary>Carries the limits, where cgroup v2 has the controllers.</summary>
    public Cgroup Group { get; }

    /// <summary>Its group in version 1's memory hierarchy, where that holds its limit; null elsewhere.</summary>
    public LegacyGroup? LegacyMemory { get; init; }

    /// <summary>Parent of the leaf of each exec: one write freezes or kills all commands.</summary>
    public Cgroup Execs { get; }

    /// <summary>The root of the mounted tree; null while parked. It pins the tree, so it is closed as soon as the slot ends.</summary>
    public SafeFileHandle? Tree { get; set; }

    /// <summary>Who works on the files of the tree.</summary>
    public TreeUsers Users { get; } = new();

    /// <summary>Connections to servers in it.</summary>
    public SlotConnections Connections { get; } = new();

    /// <inheritdoc/>
    /// <remarks>In the host's network others reach its servers by themselves, and nobody sees it.</remarks>
    public bool IsConnectedTo => Mode == NetworkMode.Host || Connections.Any;

    /// <summary>The live layer whose tree is mounted in it, or may be; null while parked.</summary>
    public string? Layer { get; set; }

    /// <summary>Why commands that end from now on did not end by themselves; null in an ordinary life.</summary>
    public ExecEndCause? Ending { get; set; }

    /// <summary>Whether PID 1 is alive and answers on its socket.</summary>
    public bool IsAlive => IsProcessAlive && !Init.Closed.IsCompleted;

    /// <summary>Whether PID 1 is alive.</summary>
    public bool IsProcessAlive => _process.IsAlive;

    string IStockItem.Name => Id.ToString();

    Task IStockItem.Gone => Init.Closed;

    Task IStockItem.PingAsync(CancellationToken cancellationToken) => Init.PingAsync(cancellationToken);

    /// <summary>Notes how many of its processes were killed for memory; gives those of them that nobody has noted before.</summary>
    /// <param name="before">What the kernel had counted when somebody began to look.</param>
    /// <param name="total">What it counts now.</param>
    public long TellKills(long before, long total) => Math.Max(0, total - Math.Max(before, Interlocked.Exchange(ref _toldKills, total)));

    /// <summary>What its memory limit has done so far; null when its cgroups are gone.</summary>
    /// <param name="withPeak">Whether the peak is wanted too.</param>
    public LimitCounts? ReadLimitCounts(bool withPeak)
    {
        try
        {
            return LegacyMemory is LegacyGroup legacy
                ? new LimitCounts(null, legacy.ReadOomKills(), withPeak ? legacy.ReadMemoryPeak() : null)
                : new LimitCounts(Group.ReadMemoryEvents(), null, withPeak ? Group.ReadMemoryPeak() : null);
        }
        catch (KernelFileException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Ended?.Invoke();
        Connections.Dispose();
        await Users.DisposeAsync();
        Tree?.Dispose();
        await Init.DisposeAsync();
        Namespaces.Dispose();
        _process.Dispose();
    }
}
