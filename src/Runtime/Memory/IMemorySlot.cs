using Sleigh.Cgroups;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Memory;

/// <summary>The part of a slot that growth is about.</summary>
internal interface IMemorySlot
{
    /// <summary>The whole slot: it carries the wall, and its figures count everything below it.</summary>
    Cgroup Group { get; }

    /// <summary>All commands: it carries the brake.</summary>
    Cgroup Execs { get; }

    /// <summary>The limits in force.</summary>
    SlotLimits Limits { get; set; }

    /// <summary>Whether its commands are frozen to save memory, or are about to be.</summary>
    bool IsSqueezed { get; set; }

    /// <summary>Whether somebody is connected to a server in it, or is about to be: bytes that come wake nobody who is frozen.</summary>
    bool IsConnectedTo { get; }

    /// <summary>Called once when the slot ends.</summary>
    Action? Ended { get; set; }
}
