namespace Sleigh.Runtime;

/// <summary>A sealed writable layer with a name and a parent.</summary>
public sealed record Snapshot
{
    /// <summary>The id.</summary>
    public required SnapshotId Id { get; init; }

    /// <summary>The sandbox it was taken of.</summary>
    public required SandboxId Sandbox { get; init; }

    /// <summary>The owner.</summary>
    public required SessionId Session { get; init; }

    /// <summary>When it was taken.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The snapshot that the files stood on; null for the first.</summary>
    public SnapshotId? Parent { get; init; }

    /// <summary>The caller's name; need not be unique.</summary>
    public string? Name { get; init; }

    /// <summary>The caller's comment.</summary>
    public string? Comment { get; init; }

    /// <summary>Bytes of this snapshot alone.</summary>
    public long Bytes { get; init; }

    /// <summary>Whether all its data has reached the disk.</summary>
    public bool Durable { get; init; }

    /// <summary>The whole operation.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>How long processes stood still; zero when none ran.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>When retention will delete it, as it looks now; null: never, or live files stand on it. Not recorded.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Whether it was taken by itself, before a command.</summary>
    public bool IsAutomatic { get; init; }

    /// <summary>Whether retention leaves it alone, by age and by count.</summary>
    public bool IsKept { get; init; }

    /// <summary>Whether nothing had changed since its parent; false where that is not known.</summary>
    public bool IsSameAsParent { get; init; }

    /// <summary>Limits at that moment.</summary>
    public required CapturedLimits Limits { get; init; }

    /// <summary>Mounts in force at that moment; what lies in them is no part of the snapshot.</summary>
    public IReadOnlyList<CapturedMount> Mounts { get; init; } = [];

    /// <summary>Labels at that moment.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }
}
