namespace Sleigh.Overlay;

/// <summary>
/// One way to keep layers, below <c>live/</c> and <c>sealed/</c> of a root directory. Layers are built under a name that
/// begins with <c>.new-</c> and renamed; deleted ones are renamed to <c>.dead-</c>. All calls may block.
/// </summary>
internal interface ILayerDriver
{
    LiveLayer CreateLive(LayerId id, LayerId? fromSealed);

    LiveLayer OpenLive(LayerId id, bool renewWork);

    SealPreparation PrepareSeal(LayerId live, CancellationToken cancellationToken);

    SealedLayer Seal(SealPreparation prepared, LayerId sealedId, LayerMark? since, CancellationToken cancellationToken);

    /// <summary>What stands for the layer as it is; null where a change could go unseen.</summary>
    LayerMark? Mark(LayerId live, CancellationToken cancellationToken);

    void PrepareRestore(LayerId sealedId);

    /// <summary>The upper directories that a sealed layer is made of, uppermost first.</summary>
    IReadOnlyList<string> UppersOf(LayerId sealedId);

    void DeleteLive(LayerId id);

    void DeleteSealed(LayerId id);

    LayerInventory List();

    /// <summary>Whether <see cref="SetLimit"/> works here.</summary>
    LayerQuotaSupport Quota();

    /// <summary>Limits what a live layer may hold; null: no limit.</summary>
    void SetLimit(LayerId live, long? bytes);

    /// <summary>What a live or sealed layer holds, as the kernel counts it; null where it does not, or there is no such layer.</summary>
    LayerUse? UseOf(LayerId id);

    /// <summary>Brings wrong counts in order, and lifts limits that nothing has any more; true if counts were wrong.</summary>
    bool MendQuota();

    /// <summary>
    /// Whether <see cref="EmptyOne"/> walks trees, which takes long and is to be in nobody's way. Else the kernel does it behind a short call that
    /// holds its locks.
    /// </summary>
    bool EmptiesByWalking { get; }

    /// <summary>Puts into the trash what only waited for others; before <see cref="EmptyOne"/>, and not with its priority, as it holds a lock.</summary>
    void BuryUnreferenced();

    /// <summary>Really deletes one thing from the trash; false if there is nothing more.</summary>
    bool EmptyOne(CancellationToken cancellationToken);
}
