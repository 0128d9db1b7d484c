using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// The writable layers of sandboxes and the sealed ones of snapshots, in one data directory. Every change is built beside
/// and renamed, so a crash leaves trash and nothing half made. Calls on different layers may run at once; calls on one
/// layer are the caller's to order.
/// </summary>
public sealed class LayerStore : IAsyncDisposable
{
    private readonly LayerStorage _storage;
    private readonly SemaphoreSlim _emptying = new(1);

    private LayerStore(LayerStorage storage) => _storage = storage;

    /// <summary>Opens the store: makes and mounts the pool, or adopts what is mounted already; sorts out leftovers.</summary>
    /// <exception cref="LayerStoreUnavailableException">It cannot be opened as configured; the text says why.</exception>
    /// <exception cref="KernelException">The kernel refused something.</exception>
    public static Task<LayerStore> OpenAsync(LayerStoreOptions options, CancellationToken cancellationToken = default) =>
        Task.Run(() => new LayerStore(LayerStorage.Open(options, cancellationToken)), cancellationToken);

    /// <summary>Driver, size and free bytes, now.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public LayerStoreStatus Status => _storage.Status();

    /// <summary>Makes a live layer: empty, or with what a sealed layer holds.</summary>
    /// <exception cref="LayerConflictException">The id is taken, or there is no such sealed layer.</exception>
    /// <exception cref="LayerStoreFullException">The disk is full.</exception>
    public Task<LiveLayer> CreateLiveAsync(
        LayerId id, LayerId? fromSealed = null, CancellationToken cancellationToken = default) =>
        Run($"make layer {id}", () => _storage.Driver.CreateLive(Live(id), fromSealed), cancellationToken);

    /// <summary>
    /// Makes ahead what the next <see cref="CreateLiveAsync"/> from this sealed layer needs, so that a rollback or fork takes
    /// well under a millisecond of this store instead of a btrfs commit (some 10 ms). One spare per sealed layer; optional;
    /// nothing to do for the copying drivers.
    /// </summary>
    /// <exception cref="LayerConflictException">There is no such sealed layer.</exception>
    /// <exception cref="LayerStoreFullException">The disk is full.</exception>
    public Task PrepareRestoreAsync(LayerId sealedId, CancellationToken cancellationToken = default) =>
        Run(
            $"prepare to restore {sealedId}",
            () =>
            {
                _storage.Driver.PrepareRestore(Sealed(sealedId));
                return true;
            },
            cancellationToken);

    /// <summary>Finds a live layer again after a restart.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="renewWork">
    /// True if no overlay of it is mounted any more (the host was rebooted) and it shall be mounted again: the work
    /// directory is made anew.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LayerConflictException">There is no such layer.</exception>
    public Task<LiveLayer> OpenLiveAsync(LayerId id, bool renewWork = false, CancellationToken cancellationToken = default) =>
        Run($"open layer {id}", () => _storage.Driver.OpenLive(Live(id), renewWork), cancellationToken);

    /// <summary>Does ahead of a freeze all that can be: flushes, and with the copying drivers copies most of it.</summary>
    /// <exception cref="LayerConflictException">There is no such layer.</exception>
    /// <exception cref="LayerStoreFullException">The disk is full.</exception>
    public Task<SealPreparation> PrepareSealAsync(LayerId live, CancellationToken cancellationToken = default) =>
        Run($"prepare to seal {live}", () => _storage.Driver.PrepareSeal(Live(live), cancellationToken), cancellationToken);

    /// <summary>
    /// Makes a sealed layer of what the live one holds now. Nothing may write to the layer meanwhile: the sandbox's execs
    /// are frozen. Survives a crash of the daemon at once, and of the host after <see cref="FlushAsync"/>.
    /// </summary>
    /// <exception cref="LayerConflictException">The id is taken, or there is no such live layer.</exception>
    /// <exception cref="LayerStoreFullException">The disk is full. What was begun is in the trash: empty it.</exception>
    public Task<SealedLayer> SealAsync(
        SealPreparation prepared, LayerId sealedId, CancellationToken cancellationToken = default) =>
        Run(
            $"seal {prepared.Live} as {sealedId}",
            () => _storage.Driver.Seal(prepared, Sealed(sealedId), cancellationToken),
            cancellationToken);

    /// <summary>Brings everything in the store to the disk. After it, every sealed layer survives a power cut.</summary>
    /// <exception cref="KernelException">A write-back failed.</exception>
    public Task FlushAsync(CancellationToken cancellationToken = default) => Task.Run(_storage.Flush, cancellationToken);

    /// <summary>Deletes a live layer: gone at once, its space later by <see cref="EmptyTrashAsync"/>. Deleting twice is fine.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public Task DeleteLiveAsync(LayerId id, CancellationToken cancellationToken = default) =>
        Task.Run(() => _storage.Driver.DeleteLive(Live(id)), cancellationToken);

    /// <summary>
    /// Deletes a sealed layer: gone from the list at once. With the copying drivers its files stay while another layer
    /// stands on them.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public Task DeleteSealedAsync(LayerId id, CancellationToken cancellationToken = default) =>
        Task.Run(() => _storage.Driver.DeleteSealed(Sealed(id)), cancellationToken);

    /// <summary>All layers, for comparing with the records: what no record names can be deleted.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public LayerInventory List() => _storage.Driver.List();

    /// <summary>
    /// Really deletes what was deleted, on a thread of the lowest priority. Call it after opening and after deletions; a
    /// cancelled one goes on next time.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public async Task EmptyTrashAsync(CancellationToken cancellationToken = default)
    {
        await _emptying.WaitAsync(cancellationToken);
        try
        {
            await BackgroundThread.RunAsync(
                "empty trash",
                () =>
                {
                    while (_storage.Driver.EmptyOne(cancellationToken))
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                    }

                    _storage.HastenReclaim();
                });
        }
        finally
        {
            _emptying.Release();
        }
    }

    /// <summary>Closes the store; a pool stays mounted for sandboxes that go on, or is unmounted. Once closed, it stays so.</summary>
    /// <exception cref="KernelException">EBUSY: the pool is still in use.</exception>
    public Task CloseAsync(bool unmount) => Task.Run(() => _storage.Close(unmount));

    /// <summary>Closes the store and leaves its pool mounted.</summary>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync(unmount: false);
        _emptying.Dispose();
    }

    private static LayerId Live(LayerId id) =>
        id.IsLive ? id : throw new ArgumentException($"'{id}' names no live layer", nameof(id));

    private static LayerId Sealed(LayerId id) =>
        id.IsSealed ? id : throw new ArgumentException($"'{id}' names no sealed layer", nameof(id));

    private Task<T> Run<T>(string what, Func<T> call, CancellationToken cancellationToken) =>
        Task.Run(
            () =>
            {
                try
                {
                    return call();
                }
                catch (IOException ex) when ((Errno)ex.HResult is Errno.ENOSPC or Errno.EDQUOT)
                {
                    throw new LayerStoreFullException(what, Status, ex);
                }
            },
            cancellationToken);
}
