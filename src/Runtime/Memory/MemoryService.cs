using System.Globalization;
using Sleigh.Cgroups;
using Sleigh.Cgroups.Growth;
using Sleigh.Linux.KernelFiles;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Memory;

/// <inheritdoc cref="IMemory"/>
internal sealed partial class MemoryService : IMemory, IGrowthHistory
{
    private readonly SandboxTable _table;
    private readonly RecordStore _records;
    private readonly SlotFactory _factory;
    private readonly HostGuard _guard;
    private readonly LiveOptions _options;
    private readonly MemoryTeller _teller;
    private readonly GrowthLoop? _loop;
    private readonly CgroupHierarchy _hierarchy;
    private readonly Func<MemoryInfo> _host;
    private readonly string? _unavailable;
    private readonly string _signals;
    private readonly TimeProvider _time;

    /// <param name="parts">The parts it works with.</param>
    /// <param name="loop">Follows the need of sandboxes; null on a host where limits cannot grow by themselves.</param>
    /// <param name="unavailable">Why they cannot.</param>
    /// <param name="signals">How stalls are heard of, in words.</param>
    public MemoryService(MemoryParts parts, GrowthLoop? loop, string? unavailable, string signals)
    {
        (_table, _records, _factory, _guard, _options) = (parts.Table, parts.Records, parts.Factory, parts.Guard, parts.Options);
        (_teller, _hierarchy, _host, _time) = (parts.Teller, parts.Hierarchy, parts.Host, parts.Time);
        (_loop, _unavailable, _signals) = (loop, unavailable, signals);
    }

    /// <summary>From now on the limits of this sandbox follow its need, where the host can do that.</summary>
    public void Watch(SandboxEntry entry, Slot slot) => _loop?.Watch(entry, slot);

    /// <summary>Lets a sandbox that was frozen to save memory go on.</summary>
    public void Resume(SandboxEntry entry, Slot slot) => _loop?.Resume(entry, slot);

    /// <inheritdoc/>
    public SandboxMemory Read(SandboxId id) => Read(_table.Require(id), decisions: true);

    /// <inheritdoc/>
    public IReadOnlyList<SandboxMemory> ReadAll() => [.. _table.All.Where(e => !e.IsDeleted).Select(e => Read(e, decisions: false))];

    /// <inheritdoc/>
    public HostMemory ReadHost()
    {
        LedgerHost host = Host();
        LedgerSum sum = MemoryLedger.Sum(host, Lines());
        return new HostMemory
        {
            TotalBytes = host.Total,
            AvailableBytes = host.Available,
            ReserveBytes = host.Reserve,
            BudgetBytes = Math.Max(0, host.Total - host.Reserve),
            LimitsBytes = sum.Limits,
            PromisedBytes = sum.Promised,
            UsedBytes = sum.Used,
            ReclaimableBytes = sum.Reclaimable,
            RoomBytes = sum.Room,
            RoomReason = sum.RoomReason,
            Unavailable = _unavailable,
            Signals = _signals,
        };
    }

    /// <inheritdoc/>
    public GrowthSpan Of(SandboxEntry sandbox, DateTimeOffset from, DateTimeOffset to)
    {
        SandboxRecord record = sandbox.Record;
        SlotLimits limits = Limits(sandbox);
        return new GrowthSpan
        {
            Growth = sandbox.Memory.Growth(from, to),
            LimitMb = limits.MemoryMb,
            WallBytes = limits.WallBytes,
            CeilingMb = record.Sandbox.MemoryCeilingMb,
            Automatic = _unavailable is null && record.Sandbox.AutoExpandMemory,
            NextLimitMb = NextStep(limits.MemoryMb, record),
        };
    }

    private SandboxMemory Read(SandboxEntry entry, bool decisions)
    {
        Sandbox sandbox = entry.View;
        Slot? slot = entry.Slot;
        SlotLimits limits = Limits(entry);
        SandboxRecord record = entry.Record;
        GrowthSubject? subject = slot is null ? null : _loop?.Find(slot);
        SandboxMemory memory = new()
        {
            Sandbox = sandbox,
            Running = slot is not null,
            StartMb = record.Sandbox.MemoryLimitMb,
            LimitMb = limits.MemoryMb,
            BrakeBytes = limits.BrakeBytes,
            WallBytes = limits.WallBytes,
            CeilingBytes = record.Bounds.Ceiling,
            PromisedBytes = subject is null ? 0 : MemoryLedger.Promised(subject.Line),
            IsWaiting = subject?.IsWaiting ?? false,
            IsSqueezed = slot?.IsSqueezed ?? false,
            GrowthOff = _unavailable ?? (record.Sandbox.AutoExpandMemory ? null : "automatic growth is off for this sandbox"),
            Decisions = decisions ? entry.Memory.Newest() : [],
        };
        try
        {
            return slot is null ? memory : WithFigures(memory, slot);
        }
        catch (KernelFileException)
        {
            // Its groups are being removed.
            return memory with { Running = false };
        }
    }

    private SandboxMemory WithFigures(SandboxMemory memory, Slot slot)
    {
        CgroupLoad load = SlotGauge.Of(slot, _hierarchy.Mounts).Read();
        CgroupUsage usage = slot.Group.ReadUsage();
        return memory with
        {
            UsageBytes = load.MemoryUsed,

            // Where no limit grows, what is in use is all that counts as promised.
            PromisedBytes = _loop is null ? load.MemoryUsed ?? 0 : memory.PromisedBytes,
            WorkingSetBytes = load.MemoryWorkingSet,
            Pressure = usage.MemoryPressure,
            Events = usage.MemoryEvents ?? default,
            CpuThrottledShare = slot.Limits.Cpus is null ? null : usage.Cpu?.ThrottledShare,
        };
    }

    // One that has exited begins with what its record says.
    private SlotLimits Limits(SandboxEntry entry) => entry.Slot?.Limits ?? _factory.Fit(entry.Record.Limits);

    private LedgerHost Host()
    {
        MemoryInfo memory = _host();
        return new LedgerHost(memory.TotalBytes, memory.AvailableBytes, _options.Now.Memory.HostReserveBytes(memory.TotalBytes), memory.SwapFreeBytes);
    }

    // Where nothing is watched, what is in use is read now.
    private IReadOnlyList<LedgerLine> Lines() => _loop is GrowthLoop loop
        ? loop.Lines
        : [.. ReadAll().Where(m => m.Running).Select(m => new LedgerLine
        {
            Name = m.Sandbox.Id.ToString(), Usage = m.UsageBytes ?? 0, WorkingSet = m.WorkingSetBytes ?? 0, Brake = m.WallBytes, Wall = m.WallBytes,
            Start = m.WallBytes, Idle = false, Priority = 0, Frozen = false,
        })];

    private int NextStep(int limitMb, SandboxRecord record) => (int)(GrowthPolicy.AutomaticStep(
        limitMb * GrowthOptions.MiB, _options.Now.Memory.MinMb * GrowthOptions.MiB, _options.Now.Memory.MaxStepMb * GrowthOptions.MiB,
        record.Bounds.Ceiling) >> 20);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
