using Sleigh.Overlay;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>One look at records, layers and mounts.</summary>
internal sealed class FsckLook
{
    private readonly SandboxParts _parts;
    private readonly Sandboxes _sandboxes;
    private readonly LiveMounts _mounts;
    private readonly List<FsckProblem> _problems = [];

    private FsckLook(SandboxParts parts, Sandboxes sandboxes, LiveMounts mounts) => (_parts, _sandboxes, _mounts) = (parts, sandboxes, mounts);

    public int Sandboxes { get; private set; }

    public int Snapshots { get; private set; }

    public int Mounts { get; private set; }

    public LayerInventory Layers { get; private set; } = new([], []);

    public IReadOnlyList<FsckProblem> Problems => _problems;

    /// <summary>Looks. Layers before records: a record comes before its layer and goes after it.</summary>
    public static async Task<FsckLook> TakeAsync(SandboxParts parts, Sandboxes sandboxes, LiveMounts mounts, CancellationToken cancellationToken)
    {
        FsckLook look = new(parts, sandboxes, mounts) { Layers = parts.Layers.List() };
        IReadOnlyList<(SandboxRecord Record, SandboxState State)> rows = parts.Records.ReadSandboxes();
        IReadOnlyList<(Snapshot Snapshot, SnapshotState State)> snapshots = parts.Records.ReadSnapshots();
        look.Sandboxes = rows.Count;
        look.Snapshots = snapshots.Count;
        look.CompareLive(rows);
        look.CompareSealed(snapshots);
        look.CompareReferences(rows, snapshots);
        await look.CompareChainsAsync(cancellationToken);
        look.CompareMounts();
        return look;
    }

    private void CompareLive(IReadOnlyList<(SandboxRecord Record, SandboxState State)> rows)
    {
        HashSet<string> there = [.. Layers.Live.Select(layer => layer.ToString())];
        foreach ((SandboxRecord record, _) in rows.Where(row => row.State == SandboxState.Live && !there.Contains(row.Record.Layer)))
        {
            _problems.Add(new FsckProblem(
                "missing_layer", record.Sandbox.Id.ToString(),
                $"The files of this sandbox ({record.Layer}) are gone. Roll it back to a snapshot, delete it, or restore the data directory from a backup."));
        }

        HashSet<string> recorded = [.. rows.Select(row => row.Record.Layer)];
        foreach (LayerId layer in Layers.Live.Where(layer => !recorded.Contains(layer.ToString()) && !_sandboxes.HasInHand(layer)))
        {
            _problems.Add(new FsckProblem(
                "unnamed_layer", layer.ToString(), "No sandbox has this layer; it only takes space.", () => _parts.Layers.DeleteLiveAsync(layer)));
        }
    }

    private void CompareSealed(IReadOnlyList<(Snapshot Snapshot, SnapshotState State)> snapshots)
    {
        HashSet<LayerId> there = [.. Layers.Sealed];
        foreach ((Snapshot snapshot, _) in snapshots.Where(s => s.State == SnapshotState.Sealed && !there.Contains(LayerId.Sealed(s.Snapshot.Id.Hex))))
        {
            _problems.Add(new FsckProblem(
                "missing_snapshot", snapshot.Id.ToString(),
                $"The layer of this snapshot of {snapshot.Sandbox} is gone, so nobody can go back to it; its record is of no use.",
                () => _sandboxes.LoseSnapshotAsync(snapshot)));
        }

        HashSet<LayerId> recorded = [.. snapshots.Select(s => LayerId.Sealed(s.Snapshot.Id.Hex))];
        foreach (LayerId layer in Layers.Sealed.Where(layer => !recorded.Contains(layer)))
        {
            _problems.Add(new FsckProblem(
                "unnamed_layer", layer.ToString(), "No snapshot has this layer; it only takes space.", () => _parts.Layers.DeleteSealedAsync(layer)));
        }
    }

    private void CompareReferences(
        IReadOnlyList<(SandboxRecord Record, SandboxState State)> rows, IReadOnlyList<(Snapshot Snapshot, SnapshotState State)> snapshots)
    {
        HashSet<SnapshotId> known = [.. snapshots.Select(s => s.Snapshot.Id)];
        HashSet<SandboxId> sandboxes = [.. rows.Select(row => row.Record.Sandbox.Id)];
        foreach ((Snapshot snapshot, _) in snapshots)
        {
            if (snapshot.Parent is SnapshotId parent && !known.Contains(parent))
            {
                _problems.Add(new FsckProblem(
                    "unknown_parent", snapshot.Id.ToString(), $"Its parent {parent} is not recorded. It can be used; only the tree shows it as a root."));
            }

            if (!sandboxes.Contains(snapshot.Sandbox))
            {
                _problems.Add(new FsckProblem(
                    "unowned_snapshot", snapshot.Id.ToString(), $"Its sandbox {snapshot.Sandbox} is not recorded. The data directory was put together from parts; restore it whole."));
            }
        }
    }

    // With btrfs no layer needs another one.
    private async Task CompareChainsAsync(CancellationToken cancellationToken)
    {
        foreach (LayerId layer in Layers.Live.Concat(Layers.Sealed))
        {
            try
            {
                IReadOnlyList<string> needed = layer.IsSealed
                    ? await _parts.Layers.UppersOfAsync(layer, cancellationToken)
                    : (await _parts.Layers.OpenLiveAsync(layer, renewWork: false, cancellationToken)) is var live ? [live.Upper, .. live.SealedLowers] : [];
                if (needed.FirstOrDefault(directory => !Directory.Exists(directory)) is string gone)
                {
                    _problems.Add(new FsckProblem(
                        "broken_layer", layer.ToString(),
                        $"It stands on {gone}, which is gone, so its files are not whole. Restore the data directory from a backup, or delete what has it."));
                }
            }
            catch (LayerConflictException)
            {
                // It went meanwhile.
            }
        }
    }

    private void CompareMounts()
    {
        foreach (SandboxEntry entry in _parts.Table.All.Where(e => !e.IsDeleted && e.Mounts.Count > 0))
        {
            if (entry.Slot is not Slot slot)
            {
                continue;
            }

            MountRecord[] recorded = [.. entry.Mounts.Where(mount => mount.IsIn(slot))];
            Mounts += recorded.Length;
            if (Gone(slot, recorded) is string gone)
            {
                _problems.Add(new FsckProblem(
                    "missing_mount", entry.Id.ToString(), $"Host directories that are recorded are not mounted in it: {gone}.", () => _mounts.SettleInTurnAsync(entry)));
            }
        }
    }

    private static string? Gone(Slot slot, MountRecord[] recorded)
    {
        try
        {
            IReadOnlySet<ulong> there = HostMounter.Numbers(slot.Namespaces);
            string[] gone = [.. recorded.Where(mount => !there.Contains(mount.Number)).Select(mount => mount.Mount.ContainerPath)];
            return gone.Length == 0 ? null : string.Join(", ", gone);
        }
        catch (IOException)
        {
            // Its PID 1 died in this moment.
            return null;
        }
    }
}
