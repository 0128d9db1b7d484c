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

    /// <summary>The pool's file; null where layers lie in a filesystem of the host's.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public PoolStatus? Pool => _storage.Pool();

    /// <summary>Errors that a btrfs under the layers has met on its disks and counts; empty where there are none, and on another filesystem.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public IReadOnlyList<BtrfsErrorCount> DiskErrors => _storage.DiskErrors();

    /// <summary>
    /// Reads all that the btrfs under the layers holds and compares it with its checksums, beside everything else. One at a time, which is the
    /// caller's to see to. A process that is killed ends behind the piece that is being read, at most 1 GiB.
    /// </summary>
    /// <param name="cancellationToken">Ends it; what has been found till then is the result.</param>
    /// <returns>Asked while it goes on, how far it is; and its end.</returns>
    /// <exception cref="LayerStoreUnavailableException">The layers are not on btrfs.</exception>
    public (Func<LayerScrubState> Now, Task<LayerScrubState> End) Scrub(CancellationToken cancellationToken)
    {
        LayerScrub scrub = _storage.NewScrub() ?? throw new LayerStoreUnavailableException("the layers are not on btrfs, and only that keeps checksums of all it holds");
        return (scrub.Now, OwnThread.RunAsync("scrub", () => scrub.Run(cancellationToken)));
    }

    /// <summary>
    /// Grows the pool now, under sandboxes that run; smaller than it is does nothing. After a crash on the way the next
    /// <see cref="OpenAsync"/> does the rest.
    /// </summary>
    /// <exception cref="LayerStoreUnavailableException">The layers are not in a pool file.</exception>
    /// <exception cref="IOException">The disk refused a file of that length, or the kernel the growth.</exception>
    public Task GrowPoolAsync(long bytes) => Task.Run(() => _storage.GrowPool(bytes));

    /// <summary>
    /// What the files of a layer take on the disk, found by walking them on a thread of the lowest priority; what it shares with others is
    /// counted too. Null: there is no such layer.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public async Task<LayerHolding?> MeasureAsync(LayerId id, CancellationToken cancellationToken = default)
    {
        LayerHolding? found = null;
        await OwnThread.RunInBackgroundAsync("measure layer", () => found = _storage.Measure(id, cancellationToken));
        return found;
    }

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

    /// <summary>The directories that a sealed layer is made of, uppermost first: they go before the image's layers. To read only.</summary>
    /// <exception cref="LayerConflictException">There is no such sealed layer.</exception>
    public Task<IReadOnlyList<string>> UppersOfAsync(LayerId sealedId, CancellationToken cancellationToken = default) =>
        Run($"open {sealedId}", () => _storage.Driver.UppersOf(Sealed(sealedId)), cancellationToken);

    /// <summary>Does ahead of a freeze all that can be: flushes, and with the copying drivers copies most of it.</summary>
    /// <exception cref="LayerConflictException">There is no such layer.</exception>
    /// <exception cref="LayerStoreFullException">The disk is full.</exception>
    public Task<SealPreparation> PrepareSealAsync(LayerId live, CancellationToken cancellationToken = default) =>
        Run($"prepare to seal {live}", () => _storage.Driver.PrepareSeal(Live(live), cancellationToken), cancellationToken);

    /// <summary>
    /// Makes a sealed layer of what the live one holds now. Nothing may write to the layer meanwhile: the sandbox's execs
    /// are frozen. Survives a crash of the daemon at once, and of the host after <see cref="FlushAsync"/>.
    /// </summary>
    /// <param name="prepared">What was done ahead.</param>
    /// <param name="sealedId">Its name.</param>
    /// <param name="since">A mark of the live layer, to learn whether anything has changed since; null: that is not asked.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LayerConflictException">The id is taken, or there is no such live layer.</exception>
    /// <exception cref="LayerStoreFullException">The disk is full. What was begun is in the trash: empty it.</exception>
    public Task<SealedLayer> SealAsync(
        SealPreparation prepared, LayerId sealedId, LayerMark? since = null, CancellationToken cancellationToken = default) =>
        Run(
            $"seal {prepared.Live} as {sealedId}",
            () => _storage.Driver.Seal(prepared, Sealed(sealedId), since, cancellationToken),
            cancellationToken);

    /// <summary>
    /// What stands for the live layer as it is: equal to an earlier one only if no file in it has changed between. It counts all that was written
    /// before the call, through memory maps too. With btrfs it waits for what is dirty in the store to reach the disk; the copying drivers
    /// also look at each file.
    /// </summary>
    /// <returns>Null where it cannot be told: a file changed just now, or while it was looked at.</returns>
    /// <exception cref="LayerConflictException">There is no such layer.</exception>
    public Task<LayerMark?> MarkAsync(LayerId live, CancellationToken cancellationToken = default) =>
        Run($"look for changes in {live}", () => _storage.Driver.Mark(Live(live), cancellationToken), cancellationToken);

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

    /// <summary>Whether limits of live layers can be held here, and how.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public LayerQuotaSupport QuotaSupport => _storage.Driver.Quota();

    /// <summary>
    /// Limits what a live layer may refer to, what it shares with other layers included; writers beyond it get EDQUOT, on XFS ENOSPC. Not until
    /// the layer is mounted: a mount makes directories in it. The first limit in a pool makes the kernel count what is there already, which takes
    /// longer the more there is. A layer made from a sealed one has none. Limits survive the daemon; after a crash of the host, set them again.
    /// </summary>
    /// <param name="live">The layer.</param>
    /// <param name="bytes">The limit; null: none. Less than the layer holds is allowed: it can only delete then.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LayerLimitException">Limits cannot be held here.</exception>
    /// <exception cref="LayerConflictException">There is no such layer.</exception>
    public Task SetLimitAsync(LayerId live, long? bytes, CancellationToken cancellationToken = default) =>
        Run(
            $"limit layer {live}",
            () =>
            {
                _storage.Driver.SetLimit(Live(live), bytes);
                return true;
            },
            cancellationToken);

    /// <summary>What a layer holds, as the kernel counts it; null where it does not count, or there is no such layer.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public LayerUse? UseOf(LayerId id) => _storage.Driver.UseOf(id);

    /// <summary>
    /// Has everything counted anew where the kernel has given up, as it may when a large layer is deleted: until then limits do not hold. With project
    /// quotas, lifts the limits of layers that are gone. Call it now and then.
    /// </summary>
    /// <returns>Whether that was needed.</returns>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public Task<bool> MendQuotaAsync() => Task.Run(_storage.Driver.MendQuota);

    /// <summary>All layers, for comparing with the records: what no record names can be deleted.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public LayerInventory List() => _storage.Driver.List();

    /// <summary>
    /// Really deletes what was deleted, where that means walking trees on a thread of the lowest priority. Call it after opening and after deletions; a
    /// cancelled one goes on next time.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public async Task EmptyTrashAsync(CancellationToken cancellationToken = default)
    {
        await _emptying.WaitAsync(cancellationToken);
        try
        {
            await Task.Run(_storage.Driver.BuryUnreferenced, cancellationToken);
            await (_storage.Driver.EmptiesByWalking
                ? OwnThread.RunInBackgroundAsync("empty trash", () => Empty(cancellationToken))
                : OwnThread.RunAsync("empty trash", () => Empty(cancellationToken)));
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

    private void Empty(CancellationToken cancellationToken)
    {
        while (_storage.Driver.EmptyOne(cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        _storage.HastenReclaim();
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
