using Sleigh.Overlay;

namespace Sleigh.Runtime;

/// <summary>The layer store and what each sandbox takes of it.</summary>
/// <param name="Store">Driver, size, free.</param>
/// <param name="Pool">The pool's file; null where there is none.</param>
/// <param name="Quota">Whether limits can be held, and whether the kernel counts now.</param>
/// <param name="Sandboxes">Oldest first.</param>
public sealed record StorageReport(LayerStoreStatus Store, PoolStatus? Pool, LayerQuotaSupport Quota, IReadOnlyList<SandboxStorage> Sandboxes)
{
    /// <summary>Checks of all that the layers hold.</summary>
    public ScrubReport Scrub { get; init; } = new();

    /// <summary>What two layers or more refer to, counted once; null unless the kernel counts.</summary>
    public long? SharedBytes => Sandboxes.All(s => s.Live.ExclusiveBytes is not null && s.Snapshots.All(l => l.ExclusiveBytes is not null)) && Quota.IsOn
        ? Math.Max(0, Store.TotalBytes - Store.FreeBytes - Sandboxes.Sum(s => (s.Live.ExclusiveBytes ?? 0) + s.Snapshots.Sum(l => l.ExclusiveBytes ?? 0)))
        : null;
}

/// <summary>The layers of a sandbox.</summary>
/// <param name="Sandbox">The sandbox.</param>
/// <param name="Live">Its own layer.</param>
/// <param name="Snapshots">Those of its snapshots, oldest first.</param>
public sealed record SandboxStorage(Sandbox Sandbox, LayerSize Live, IReadOnlyList<LayerSize> Snapshots);

/// <summary>What a layer takes. Without quotas, and unless it was measured, nobody knows.</summary>
/// <param name="Bytes">All that it refers to, shared with other layers or not.</param>
/// <param name="ExclusiveBytes">What no other layer refers to: deleting it frees that.</param>
public sealed record LayerSize(long? Bytes, long? ExclusiveBytes);
