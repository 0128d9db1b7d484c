namespace Sleigh.Overlay;

internal sealed class CopyDriver : ILayerDriver
{
    public CopyDriver(string root, bool reflink) => throw new NotSupportedException($"{root} {reflink}");

    public LiveLayer CreateLive(LayerId id, LayerId? fromSealed) => throw new NotSupportedException();

    public void DeleteLive(LayerId id) => throw new NotSupportedException();

    public void DeleteSealed(LayerId id) => throw new NotSupportedException();

    public bool EmptyOne(CancellationToken cancellationToken) => throw new NotSupportedException();

    public LayerInventory List() => throw new NotSupportedException();

    public LiveLayer OpenLive(LayerId id, bool renewWork) => throw new NotSupportedException();

    public SealPreparation PrepareSeal(LayerId live, CancellationToken cancellationToken) => throw new NotSupportedException();

    public SealedLayer Seal(SealPreparation prepared, LayerId sealedId, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
