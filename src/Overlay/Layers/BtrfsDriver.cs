using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Each layer is a subvolume with <c>upper/</c> and <c>work/</c>; sealing is a read-only snapshot, restoring and forking a
/// writable snapshot of that. No layer needs another one.
/// </summary>
internal sealed class BtrfsDriver : ILayerDriver, IDisposable
{
    private const string MarkPrefix = "btrfs:";

    private const OpenFlags OpenDirectory = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow;

    private readonly LayerDirectory _live;
    private readonly LayerDirectory _sealed;

    private readonly BtrfsLayerQuotas _quotas;

    public BtrfsDriver(string root, bool isPool)
    {
        _live = LayerDirectory.Open($"{root}/live");
        _sealed = LayerDirectory.Open($"{root}/sealed");
        _quotas = new BtrfsLayerQuotas(_live.Handle, isPool);
        _quotas.TidyAtStart(Subvolumes(_live, isLive: true).Concat(Subvolumes(_sealed, isLive: false)));
    }

    public LiveLayer CreateLive(LayerId id, LayerId? fromSealed)
    {
        _live.RequireAbsent(id);
        if (fromSealed is LayerId wanted)
        {
            _sealed.RequirePresent(wanted);
            if (_live.TryTakeSpare(wanted, id))
            {
                return Describe(id);
            }
        }

        string name = LayerDirectory.NewName(id);
        return _live.BuryUnlessDone(name, () =>
        {
            Build(name, fromSealed);
            _live.Commit(name, id);
            return Describe(id);
        });
    }

    /// <summary>A snapshot commits a transaction; the spare has that behind it.</summary>
    public void PrepareRestore(LayerId sealedId)
    {
        _sealed.RequirePresent(sealedId);
        string name = LayerDirectory.NewName(sealedId);
        bool kept = _live.BuryUnlessDone(name, () =>
        {
            Build(name, sealedId);
            return _live.TryKeepSpare(name, sealedId);
        });
        if (!kept)
        {
            _live.Bury(name);
        }
        else if (!_sealed.Has(sealedId))
        {
            _live.Bury(LayerDirectory.SpareName(sealedId)); // deleted meanwhile
        }
    }

    public LiveLayer OpenLive(LayerId id, bool renewWork)
    {
        _live.RequirePresent(id);
        if (renewWork)
        {
            using SafeFileHandle volume = Files.Open(_live.Handle, id.ToString(), OpenDirectory);
            WorkDirectory.Renew(volume);
        }

        return Describe(id);
    }

    public SealPreparation PrepareSeal(LayerId live, CancellationToken cancellationToken)
    {
        _live.RequirePresent(live);
        // A snapshot waits for the subvolume's dirty data; with all of it written before, the pause stays short.
        FileSystems.Sync(_live.Handle);
        return new SealPreparation(live);
    }

    public SealedLayer Seal(SealPreparation prepared, LayerId sealedId, LayerMark? since, CancellationToken cancellationToken)
    {
        _live.RequirePresent(prepared.Live);
        _sealed.RequireAbsent(sealedId);
        string name = LayerDirectory.NewName(sealedId);
        return _sealed.BuryUnlessDone(name, () =>
        {
            using SafeFileHandle source = Files.Open(_live.Handle, prepared.Live.ToString(), OpenDirectory);
            BtrfsVolume.Snapshot(source, _sealed.Handle, name, readOnly: true);
            BtrfsGeneration made = Generation(_sealed, name);
            _sealed.Commit(name, sealedId);
            return new SealedLayer(sealedId, OwnBytes: null)
            {
                Mark = MarkOf(made.Origin), IsUnchanged = since is not null && TransactionOf(since) is ulong then && made.Inodes <= then,
            };
        });
    }

    /// <summary>
    /// The transaction that changed the subvolume's tree last. Dirty pages are in none yet, so all that is dirty is committed first; where nothing
    /// is, that costs no commit.
    /// </summary>
    public LayerMark? Mark(LayerId live, CancellationToken cancellationToken)
    {
        _live.RequirePresent(live);
        FileSystems.Sync(_live.Handle);
        return MarkOf(Generation(_live, live.ToString()).Committed);
    }

    public IReadOnlyList<string> UppersOf(LayerId sealedId)
    {
        _sealed.RequirePresent(sealedId);
        return [$"{_sealed.PathOf(sealedId)}/upper"];
    }

    public void DeleteLive(LayerId id) => _live.Bury(id.ToString());

    public void DeleteSealed(LayerId id)
    {
        _sealed.Bury(id.ToString());
        _live.Bury(LayerDirectory.SpareName(id));
    }

    public LayerInventory List() => new(_live.Ids(), _sealed.Ids());

    public LayerQuotaSupport Quota() => _quotas.Support();

    public void SetLimit(LayerId live, long? bytes)
    {
        _live.RequirePresent(live);
        using SafeFileHandle volume = Files.Open(_live.Handle, live.ToString(), OpenDirectory);
        _quotas.SetLimit(volume, bytes);
    }

    public LayerUse? UseOf(LayerId id)
    {
        LayerDirectory layers = id.IsLive ? _live : _sealed;
        using SafeFileHandle? volume = Files.TryOpen(layers.Handle, id.ToString(), OpenDirectory, ResolveFlags.Beneath, out _);
        return volume is null ? null : BtrfsLayerQuotas.UseOf(volume);
    }

    public bool MendQuota() => _quotas.Mend();

    /// <summary>
    /// The deletion of a subvolume holds a lock that the making of each other one waits for (subvol_sem of fs/btrfs/ioctl.c and inode.c): with the
    /// lowest priority, on a host that is busy, rollbacks and forks would wait for a turn of that thread.
    /// </summary>
    public bool EmptiesByWalking => false;

    public void BuryUnreferenced()
    {
        // No layer needs another one.
    }

    public bool EmptyOne(CancellationToken cancellationToken) =>
        _live.DestroyOne(null, cancellationToken) || _sealed.DestroyOne(null, cancellationToken);

    public void Dispose()
    {
        _live.Dispose();
        _sealed.Dispose();
    }

    private static LayerMark MarkOf(ulong transaction) => new(string.Create(CultureInfo.InvariantCulture, $"{MarkPrefix}{transaction}"));

    private static ulong? TransactionOf(LayerMark mark) =>
        mark.Text.StartsWith(MarkPrefix, StringComparison.Ordinal)
        && ulong.TryParse(mark.Text.AsSpan(MarkPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out ulong transaction)
            ? transaction
            : null;

    private static BtrfsGeneration Generation(LayerDirectory directory, string name)
    {
        using SafeFileHandle volume = Files.Open(directory.Handle, name, OpenDirectory);
        return BtrfsGeneration.Read(volume);
    }

    private void Build(string name, LayerId? fromSealed)
    {
        if (fromSealed is LayerId origin)
        {
            using SafeFileHandle source = Files.Open(_sealed.Handle, origin.ToString(), OpenDirectory);
            BtrfsVolume.Snapshot(source, _live.Handle, name, readOnly: false);
        }
        else
        {
            BtrfsVolume.Create(_live.Handle, name);
        }

        using SafeFileHandle volume = Files.Open(_live.Handle, name, OpenDirectory);
        if (fromSealed is null)
        {
            WorkDirectory.MakeUpper(volume);
        }
        else
        {
            // A snapshot has the limit of what it is one of, and may be full: nothing could be made in it.
            _quotas.Lift(volume);
        }

        WorkDirectory.Renew(volume);
    }

    private static IEnumerable<(bool IsLive, Func<SafeFileHandle> Open)> Subvolumes(LayerDirectory layers, bool isLive) =>
        layers.All().Select(name => (isLive, (Func<SafeFileHandle>)(() => Files.Open(layers.Handle, name, OpenDirectory))));

    private LiveLayer Describe(LayerId id) => new(id, $"{_live.PathOf(id)}/upper", $"{_live.PathOf(id)}/work", []);
}
