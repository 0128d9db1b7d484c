namespace Sleigh.Runtime;

/// <summary>What the host has, and how much of it is in use. Bytes.</summary>
public sealed record HostResources
{
    /// <summary>When it was read.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Logical cores.</summary>
    public required int Cores { get; init; }

    /// <summary>Memory, load and pressure.</summary>
    public required HostFigures Figures { get; init; }

    /// <summary>containerd's version; null while it does not answer.</summary>
    public string? EngineVersion { get; init; }

    /// <summary>Size of the filesystem that holds the data directory.</summary>
    public required long DiskTotalBytes { get; init; }

    /// <summary>What may still be written there.</summary>
    public required long DiskFreeBytes { get; init; }

    /// <summary>Sandboxes whose processes run.</summary>
    public required int RunningSandboxes { get; init; }

    /// <summary>All sandboxes.</summary>
    public required int Sandboxes { get; init; }

    /// <summary>Total less what is never promised.</summary>
    public required long BudgetBytes { get; init; }

    /// <summary>The sum of all limits in force.</summary>
    public required long LimitsBytes { get; init; }

    /// <summary>What sandboxes use now, page cache included.</summary>
    public required long UsedBytes { get; init; }
}
