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

    SealedLayer Seal(SealPreparation prepared, LayerId sealedId, CancellationToken cancellationToken);

    void PrepareRestore(LayerId sealedId);

    void DeleteLive(LayerId id);

    void DeleteSealed(LayerId id);

    LayerInventory List();

    /// <summary>Really deletes one thing from the trash; false if there is nothing more.</summary>
    bool EmptyOne(CancellationToken cancellationToken);
}
