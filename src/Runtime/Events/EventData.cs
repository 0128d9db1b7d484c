using Sleigh.Network;
using Sleigh.Runtime.Memory;

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

    /// <summary>The decision to grow, granted or refused.</summary>
    public GrowthEntry? Growth { get; init; }

    /// <summary>How near the limit is: a sentence with figures.</summary>
    public string? NearLimit { get; init; }

    /// <summary>How a command ran out of memory.</summary>
    public OomReport? Oom { get; init; }

    /// <summary>The file that was written or removed.</summary>
    public FileFacts? File { get; init; }

    /// <summary>A delivery that is final.</summary>
    public WebhookFacts? Webhook { get; init; }

    /// <summary>The mount that was added or removed; its time is the event's.</summary>
    public Mount? Mount { get; init; }

    /// <summary>The environment that was copied.</summary>
    public EnvironmentCopy? Copied { get; init; }

    /// <summary>Packets that were refused since the last event of this type.</summary>
    public Refusals? Refused { get; init; }
}
