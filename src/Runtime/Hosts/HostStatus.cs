namespace Sleigh.Runtime;

/// <summary>What <c>sleighctl status</c> shows.</summary>
public sealed record HostStatus
{
    /// <summary>Sleigh's version.</summary>
    public required string Version { get; init; }

    /// <summary>When the daemon was ready.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary><c>system</c> or <c>embedded</c>.</summary>
    public required string ContainerdMode { get; init; }

    /// <summary>containerd's version; null while it does not answer.</summary>
    public string? ContainerdVersion { get; init; }

    /// <summary>The layer store's driver.</summary>
    public required string StorageDriver { get; init; }

    /// <summary>Size and free space of the layer store.</summary>
    public required long StorageTotalBytes { get; init; }

    /// <summary>Free space of the layer store.</summary>
    public required long StorageFreeBytes { get; init; }

    /// <summary><c>unified</c>, <c>hybrid</c> or <c>none</c>.</summary>
    public required string CgroupMode { get; init; }

    /// <summary>Why limits do not grow by themselves here; null when they do.</summary>
    public string? GrowthUnavailable { get; init; }

    /// <summary>Sandboxes by status.</summary>
    public required IReadOnlyDictionary<string, int> Sandboxes { get; init; }

    /// <summary>Commands running now.</summary>
    public required int RunningExecs { get; init; }

    /// <summary>Slots ready now.</summary>
    public required int ParkedSlots { get; init; }

    /// <summary>Slots the pool aims for.</summary>
    public required int ParkedSlotsTarget { get; init; }
}
