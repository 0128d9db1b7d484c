using Sleigh.Containerd;
using Sleigh.Overlay;

namespace Sleigh.Runtime;

/// <summary>Opens the files of snapshots to be read.</summary>
internal sealed class SealedTrees
{
    private readonly SandboxTable _table;
    private readonly SnapshotTable _snapshots;
    private readonly SnapshotHolds _holds;
    private readonly LayerStore _layers;
    private readonly ImageStore _images;
    private readonly TreeMounter _mounter;

    public SealedTrees(SandboxParts parts, TreeMounter mounter) => 
        (_table, _snapshots, _holds, _layers, _images, _mounter) = (parts.Table, parts.Snapshots, parts.SnapshotHolds, parts.Layers, parts.Images, mounter);

    /// <summary>Mounts them read-only where nobody else sees them. They stay until it is disposed, also when the snapshot is deleted meanwhile.</summary>
    /// <param name="snapshot">Which.</param>
    /// <param name="owners">Under which owners they show; null: as they are.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RuntimeException">It is not there, or its sandbox is not.</exception>
    /// <exception cref="LayerConflictException">The snapshot's layers are not there any more.</exception>
    /// <exception cref="ContainerdException">containerd does not have the image, or did not answer.</exception>
    /// <exception cref="Linux.KernelException">The kernel refused; ENOENT and ESTALE when a layer has just gone.</exception>
    public async Task<SealedTree> OpenAsync(Snapshot snapshot, OwnerMap? owners, CancellationToken cancellationToken)
    {
        IDisposable hold = _holds.Take(snapshot.Id);
        try
        {
            if (_snapshots.Find(snapshot.Id) is null)
            {
                throw new RuntimeException(ErrorKind.SnapshotNotFound, $"snapshot not found: {snapshot.Id}");
            }

            IReadOnlyList<string> image = await _images.LowersAsync(_table.Require(snapshot.Sandbox).Record.Chain, cancellationToken);
            IReadOnlyList<string> uppers = await _layers.UppersOfAsync(LayerId.Sealed(snapshot.Id.Hex), cancellationToken);
            IReadOnlyList<string> all = [.. uppers, .. image];
            return new SealedTree(uppers, all, await _mounter.OpenReadOnlyAsync(all, owners, cancellationToken), hold);
        }
        catch (Exception)
        {
            hold.Dispose();
            throw;
        }
    }
}
