using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Records;

/// <summary>A slot as recorded. <paramref name="ProcessId"/> is of PID 1 as the host sees it; 0 before it runs.</summary>
internal sealed record SlotRecord(SlotId Id, SlotState State, SandboxId? Sandbox, int ProcessId, SlotLimits Limits)
{
    /// <summary>Mounts whose rows change with it.</summary>
    public IReadOnlyList<MountRecord> Mounts { get; init; } = [];
}
