using Sleigh.Network;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Records;

/// <summary>A slot as recorded. <paramref name="ProcessId"/> is of PID 1 as the host sees it; 0 before it runs.</summary>
internal sealed record SlotRecord(SlotId Id, SlotState State, SandboxId? Sandbox, int ProcessId, SlotLimits Limits)
{
    /// <summary>For which kind of network its container is made. Written with the first row of the slot and never changed.</summary>
    public NetworkMode Mode { get; init; }

    /// <summary>Its network namespace, where it has one of Sleigh's network. Written with the first row of the slot and never changed.</summary>
    public NamespaceName? Network { get; init; }

    /// <summary>What its container was made as (<see cref="SlotSpecMark"/>). Written with the first row of the slot and never changed.</summary>
    public string? Mark { get; init; }

    /// <summary>Mounts whose rows change with it.</summary>
    public IReadOnlyList<MountRecord> Mounts { get; init; } = [];
}
