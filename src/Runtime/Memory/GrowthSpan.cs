namespace Sleigh.Runtime.Memory;

/// <summary>What became of a sandbox's limits in a time, and where they stand now.</summary>
internal sealed record GrowthSpan
{
    /// <summary>Growth, granted and refused, oldest first; nothing else (<see cref="MemoryRecord.IsGrowth"/>).</summary>
    public IReadOnlyList<MemoryRecord> Growth { get; init; } = [];

    /// <summary>The limit in force in MB: the brake while growth is on, else the wall.</summary>
    public required int LimitMb { get; init; }

    /// <summary>Where the kernel kills: <c>memory.max</c>, or the runtime's limit where version 1 has the memory controller.</summary>
    public required long WallBytes { get; init; }

    /// <summary>No growth passes it. MB.</summary>
    public required int CeilingMb { get; init; }

    /// <summary>Whether the limit grows by itself here.</summary>
    public required bool Automatic { get; init; }

    /// <summary>The limit that the next automatic step would set, in MB; <see cref="LimitMb"/> where it stands at its ceiling.</summary>
    public required int NextLimitMb { get; init; }

    /// <summary>The last growth that was refused; null: none was.</summary>
    public MemoryRecord? LastRefusal => Growth.LastOrDefault(g => g.Action == MemoryAction.Refused);
}
