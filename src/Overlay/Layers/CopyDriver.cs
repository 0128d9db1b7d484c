using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Layers as plain directories. Sealing copies the live upper (with <c>reflink</c>: clones its files) and shares what did not
/// change with the last sealed layer by hard link. Restoring and forking copy nothing: the new live layer is empty and
/// stands on the sealed one, which stands on what it stood on.
/// </summary>
internal sealed class CopyDriver : ILayerDriver, IDisposable
{
    /// <summary>With the image's layers this stays below what one page of mount options holds.</summary>
    internal const int MaxSealedLowers = 100;

    private const OpenFlags OpenDirectory = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow;

    // A file's change time is the time of the last tick, up to 10 ms ago.
    private static readonly TimeSpan ClockTick = TimeSpan.FromMilliseconds(20);

    private readonly Lock _references = new();
    private readonly LayerDirectory _live;
    private readonly LayerDirectory _sealed;
    private readonly LayerNotes _liveNotes;
    private readonly LayerNotes _sealedNotes;
    private readonly ProjectLayerQuotas _quotas;
    private readonly bool _reflink;
    private readonly TimeProvider _time;

    public CopyDriver(string root, bool reflink, TimeProvider time)
    {
        _reflink = reflink;
        _time = time;
        _live = LayerDirectory.Open($"{root}/live");
        _sealed = LayerDirectory.Open($"{root}/sealed");
        _liveNotes = new LayerNotes(_live);
        _sealedNotes = new LayerNotes(_sealed);
        _quotas = new ProjectLayerQuotas(_live.Handle);
        _quotas.Tidy();
    }

    public LiveLayer CreateLive(LayerId id, LayerId? fromSealed)
    {
        _live.RequireAbsent(id);
        string name = LayerDirectory.NewName(id);
        return _live.Build(name, layer =>
        {
            WorkDirectory.MakeUpper(layer);
            WorkDirectory.Renew(layer);
            using (SafeFileHandle upper = Files.Open(layer, "upper", OpenDirectory))
            using (SafeFileHandle work = Files.Open(layer, "work", OpenDirectory))
            {
                _quotas.Assign([upper, work]);
            }

            lock (_references)
            {
                IReadOnlyList<LayerId> lowers = fromSealed is LayerId origin ? StandOn(origin, layer) : [];
                _liveNotes.WriteLowers(name, lowers);
                _live.Commit(name, id);
                return Describe(id, lowers);
            }
        });
    }

    public LiveLayer OpenLive(LayerId id, bool renewWork)
    {
        _live.RequirePresent(id);
        if (renewWork)
        {
            using SafeFileHandle layer = Files.Open(_live.Handle, id.ToString(), OpenDirectory);
            WorkDirectory.Renew(layer);

            // The overlay makes files there and moves them to the upper directory, which must be of the same project.
            using SafeFileHandle upper = Files.Open(layer, "upper", OpenDirectory);
            using SafeFileHandle work = Files.Open(layer, "work", OpenDirectory);
            ProjectLayerQuotas.Join(work, upper);
        }

        return Describe(id, _liveNotes.ReadLowers(id));
    }

    /// <summary>Flushes, and copies the upper while the sandbox still writes to it: the seal then shares what held still.</summary>
    public SealPreparation PrepareSeal(LayerId live, CancellationToken cancellationToken)
    {
        _live.RequirePresent(live);
        FileTime trustedBefore = FileTime.From(_time.GetUtcNow() - ClockTick);
        FileSystems.Sync(_live.Handle);
        if (FileSystems.Stat(_live.Handle).Magic == FileSystems.Tmpfs)
        {
            // Nothing is ever written back there, so a store through a memory map sets no change time: trust no file.
            trustedBefore = default;
        }

        string name = LayerDirectory.NewName(live);
        UpperLook.Builder look = new();
        SealIndex index = _sealed.Build(name, layer =>
        {
            using LastSealed last = OpenLast(live);
            return CopyUpper(live, layer, new UpperCopyOptions(_reflink, SourceMayChange: true, trustedBefore, last.Copies, look), cancellationToken).Index;
        });
        var prepared = new CopyPreparation(live, name, index, trustedBefore, () => _sealed.Bury(name));
        try
        {
            // A mark may stand for any moment before the seal: what changes from there on makes another. Files that changed just now are looked at again.
            prepared.Mark = look.Build() is UpperLook seen && seen.Newest < trustedBefore ? seen.Mark : Mark(live, cancellationToken);
            return prepared;
        }
        catch (Exception)
        {
            prepared.Dispose();
            throw;
        }
    }

    public SealedLayer Seal(SealPreparation prepared, LayerId sealedId, LayerMark? since, CancellationToken cancellationToken)
    {
        LayerId live = prepared.Live;
        var ahead = (CopyPreparation)prepared;
        _live.RequirePresent(live);
        _sealed.RequireAbsent(sealedId);
        string name = LayerDirectory.NewName(sealedId);
        return _sealed.Build(name, layer =>
        {
            using LastSealed last = OpenLast(live);
            using SafeFileHandle preparedUpper = Files.Open(_sealed.Handle, $"{ahead.Name}/upper", OpenDirectory);
            IReadOnlyList<SealedCopy> copies = [.. last.Copies, new SealedCopy(preparedUpper, ahead.Index, CountsAsOwn: true)];
            UpperCopy copy = CopyUpper(
                live, layer, new UpperCopyOptions(_reflink, SourceMayChange: false, ahead.TrustedBefore, copies), cancellationToken);
            _sealedNotes.WriteIndex(name, copy.Index);
            _sealedNotes.WriteLowers(name, _liveNotes.ReadLowers(live));
            _sealed.Commit(name, sealedId);
            _liveNotes.WriteLastSealed(live, sealedId);
            return new SealedLayer(sealedId, copy.OwnBytes) { Mark = ahead.Mark, IsUnchanged = since is not null && Look(live, cancellationToken)?.Mark == since };
        });
    }

    /// <summary>
    /// A digest of how all files look. As with <see cref="SealIndex"/>, a change can hide where a file changed within the clock's tick before; so
    /// it waits for a tick without a change, and gives up after the second.
    /// </summary>
    public LayerMark? Mark(LayerId live, CancellationToken cancellationToken)
    {
        _live.RequirePresent(live);
        if (FileSystems.Stat(_live.Handle).Magic == FileSystems.Tmpfs)
        {
            return null;
        }

        for (int attempt = 0; attempt < 2; attempt++)
        {
            FileTime settled = FileTime.From(_time.GetUtcNow() - ClockTick);
            FileSystems.Sync(_live.Handle);
            if (Look(live, cancellationToken) is not UpperLook look)
            {
                return null;
            }

            if (look.Newest < settled)
            {
                return look.Mark;
            }

            Thread.Sleep(2 * ClockTick);
        }

        return null;
    }

    public void PrepareRestore(LayerId sealedId) => _sealed.RequirePresent(sealedId);

    public IReadOnlyList<string> UppersOf(LayerId sealedId)
    {
        _sealed.RequirePresent(sealedId);
        return [.. _sealedNotes.ReadLowers(sealedId).Prepend(sealedId).Select(id => $"{_sealed.PathOf(id)}/upper")];
    }

    public void DeleteLive(LayerId id) => _live.Bury(id.ToString());

    /// <summary>Buries it, or marks it while other layers stand on it.</summary>
    public void DeleteSealed(LayerId id)
    {
        lock (_references)
        {
            if (!References().Contains(id))
            {
                _sealed.Bury(id.ToString());
            }
            else if (_sealed.Has(id))
            {
                _sealedNotes.MarkDeleted(id);
            }
        }
    }

    public LayerInventory List() =>
        new(_live.Ids(), [.. _sealed.Ids().Where(id => !_sealedNotes.IsDeleted(id))]);

    public LayerQuotaSupport Quota() => _quotas.Support();

    public void SetLimit(LayerId live, long? bytes)
    {
        _live.RequirePresent(live);
        using SafeFileHandle upper = Files.Open(_live.Handle, $"{live}/upper", OpenDirectory);
        _quotas.SetLimit(upper, bytes);
    }

    public LayerUse? UseOf(LayerId id)
    {
        using SafeFileHandle? upper = id.IsLive ? TryOpenUpper(id.ToString()) : null;
        return upper is null ? null : _quotas.UseOf(upper);
    }

    public bool MendQuota()
    {
        _quotas.Tidy();
        return false;
    }

    public bool EmptiesByWalking => true;

    /// <summary>Buries what was marked and nothing stands on any more; that may free what it stood on in turn.</summary>
    public void BuryUnreferenced()
    {
        lock (_references)
        {
            LayerId[] marked = [.. _sealed.Ids().Where(_sealedNotes.IsDeleted)];
            while (marked.Length > 0)
            {
                HashSet<LayerId> referenced = References();
                ILookup<bool, LayerId> free = marked.ToLookup(id => !referenced.Contains(id));
                foreach (LayerId id in free[true])
                {
                    _sealed.Bury(id.ToString());
                }

                marked = free[true].Any() ? [.. free[false]] : [];
            }
        }
    }

    public bool EmptyOne(CancellationToken cancellationToken) => _live.DestroyOne(Releasing, cancellationToken) || _sealed.DestroyOne(null, cancellationToken);

    public void Dispose()
    {
        _live.Dispose();
        _sealed.Dispose();
    }

    private Action Releasing(string dead)
    {
        using SafeFileHandle? upper = TryOpenUpper(dead);
        uint? project = upper is null ? null : ProjectLayerQuotas.ProjectOf(upper);
        return () =>
        {
            if (project is uint own)
            {
                _quotas.Release(own);
            }
        };
    }

    private SafeFileHandle? TryOpenUpper(string layer) => Files.TryOpen(_live.Handle, $"{layer}/upper", OpenDirectory, ResolveFlags.Beneath, out _);

    private IReadOnlyList<LayerId> StandOn(LayerId origin, SafeFileHandle layer)
    {
        if (!_sealed.Has(origin) || _sealedNotes.IsDeleted(origin))
        {
            throw new LayerConflictException(origin, "does not exist");
        }

        IReadOnlyList<LayerId> lowers = [origin, .. _sealedNotes.ReadLowers(origin)];
        if (lowers.Count > MaxSealedLowers)
        {
            throw new LayerConflictException(
                origin, $"stands on {lowers.Count - 1} others, and a tree holds at most {MaxSealedLowers} sealed layers");
        }

        // The upper's own attributes are those of "/".
        using SafeFileHandle from = Files.Open(_sealed.Handle, $"{origin}/upper", OpenDirectory);
        using SafeFileHandle to = Files.Open(layer, "upper", OpenDirectory);
        UpperCopy.CopyAttributes(from, ".", to, ".", Files.Stat(from));
        return lowers;
    }

    private UpperCopy CopyUpper(
        LayerId live, SafeFileHandle layer, UpperCopyOptions options, CancellationToken cancellationToken)
    {
        Files.MakeDirectory(layer, "upper", 0x1C0); // 0700
        using SafeFileHandle source = Files.Open(_live.Handle, $"{live}/upper", OpenDirectory);
        using SafeFileHandle target = Files.Open(layer, "upper", OpenDirectory);
        return UpperCopy.Run(source, target, options, cancellationToken);
    }

    private UpperLook? Look(LayerId live, CancellationToken cancellationToken)
    {
        using SafeFileHandle upper = Files.Open(_live.Handle, $"{live}/upper", OpenDirectory);
        return UpperLook.Take(upper, cancellationToken);
    }

    private LastSealed OpenLast(LayerId live)
    {
        if (_liveNotes.ReadLastSealed(live) is not LayerId last || _sealedNotes.ReadIndex(last) is not SealIndex index)
        {
            return new LastSealed(null);
        }

        SafeFileHandle? upper = Files.TryOpen(_sealed.Handle, $"{last}/upper", OpenDirectory, ResolveFlags.Beneath, out _);
        return new LastSealed(upper is null ? null : new SealedCopy(upper, index, CountsAsOwn: false));
    }

    /// <summary>The sealed layers that others stand on.</summary>
    private HashSet<LayerId> References() =>
        [.. _live.Ids().SelectMany(_liveNotes.ReadLowers), .. _sealed.Ids().SelectMany(_sealedNotes.ReadLowers)];

    private LiveLayer Describe(LayerId id, IReadOnlyList<LayerId> lowers) => new(
        id, $"{_live.PathOf(id)}/upper", $"{_live.PathOf(id)}/work", [.. lowers.Select(lower => $"{_sealed.PathOf(lower)}/upper")]);

    private sealed class CopyPreparation(
        LayerId live, string name, SealIndex index, FileTime trustedBefore, Action discard) : SealPreparation(live, discard)
    {
        public string Name { get; } = name;

        public SealIndex Index { get; } = index;

        public FileTime TrustedBefore { get; } = trustedBefore;

        public LayerMark? Mark { get; set; }
    }

    private sealed class LastSealed(SealedCopy? copy) : IDisposable
    {
        public IReadOnlyList<SealedCopy> Copies { get; } = copy is null ? [] : [copy];

        public void Dispose() => copy?.Upper.Dispose();
    }
}
