using System.Globalization;
using Sleigh.Cgroups;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>Reads what a slot uses. Where a controller belongs to cgroup version 1, its figures come from the group of the slot's PID 1 there.</summary>
internal sealed class SlotGauge
{
    private readonly Cgroup _group;
    private readonly LegacyGroup? _memory;
    private readonly LegacyGroup? _pids;

    private SlotGauge(Cgroup group, LegacyGroup? memory, LegacyGroup? pids) => (_group, _memory, _pids) = (group, memory, pids);

    /// <summary>Finds the groups of a slot; they stay the same as long as it lives.</summary>
    public static SlotGauge Of(Slot slot, CgroupMounts mounts) => mounts.Mode == CgroupMode.Hybrid
        ? Of(slot.Group, slot.Id.ToString(), mounts, ReadGroups(slot.ProcessId))
        : new SlotGauge(slot.Group, null, null);

    /// <summary>As above, of the text of <c>/proc/&lt;pid&gt;/cgroup</c>.</summary>
    public static SlotGauge Of(Cgroup group, string slot, CgroupMounts mounts, string processCgroup)
    {
        return new SlotGauge(group, OwnGroup(mounts, processCgroup, slot, "memory"), OwnGroup(mounts, processCgroup, slot, "pids"));
    }

    /// <summary>The version 1 group of a slot for a controller, found by its PID 1; null when it has none of its own.</summary>
    public static LegacyGroup? OwnGroup(CgroupMounts mounts, int processId, string slot, string controller) =>
        mounts.Version1.ContainsKey(controller) ? OwnGroup(mounts, ReadGroups(processId), slot, controller) : null;

    // A group without the slot's name holds more than the slot.
    private static LegacyGroup? OwnGroup(CgroupMounts mounts, string processCgroup, string slot, string controller) =>
        LegacyGroup.Find(mounts, processCgroup, controller) is { } found && found.Path.Contains(slot, StringComparison.Ordinal) ? found : null;

    /// <summary>What is in use now.</summary>
    public CgroupLoad Read()
    {
        CgroupLoad load = _group.ReadLoad();
        (long Used, long WorkingSet)? memory = load.MemoryUsed is null ? _memory?.ReadMemory() : null;
        return load with
        {
            MemoryUsed = load.MemoryUsed ?? memory?.Used,
            MemoryWorkingSet = load.MemoryWorkingSet ?? memory?.WorkingSet,
            Pids = load.Pids ?? _pids?.ReadPids() ?? _group.ReadAllProcesses().Count,
        };
    }

    private static string ReadGroups(int processId)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/cgroup"));
        }
        catch (IOException)
        {
            // It has just ended.
            return string.Empty;
        }
    }
}
