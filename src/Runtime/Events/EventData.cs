namespace Sleigh.Runtime;

/// <summary>What an event tells beside its subject; which members are set follows from its type.</summary>
public sealed record EventData
{
    /// <summary>Why a sandbox was deleted.</summary>
    public DeleteReason? Reason { get; init; }

    /// <summary>The snapshot that was taken, deleted or rolled back to.</summary>
    public SnapshotId? Snapshot { get; init; }

    /// <summary>The name of the sandbox or the snapshot.</summary>
    public string? Name { get; init; }

    /// <summary>The image of a new sandbox.</summary>
    public string? Image { get; init; }

    /// <summary>The command as it was then.</summary>
    public Exec? Exec { get; init; }
}
