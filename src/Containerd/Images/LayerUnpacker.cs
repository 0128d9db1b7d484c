namespace Sleigh.Containerd;

/// <summary>Has containerd unpack layers into snapshots, each named by its chain id.</summary>
internal sealed class LayerUnpacker
{
    private readonly ContainerdClient _client;
    private readonly string _lease;

    /// <param name="client">Calls must be under the lease.</param>
    /// <param name="lease">The lease's id.</param>
    public LayerUnpacker(ContainerdClient client, string lease)
    {
        _client = client;
        _lease = lease;
    }

    /// <summary>Unpacks what is not unpacked yet.</summary>
    /// <param name="layers">The layers, the lowest first.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <param name="step">Told of each layer, before and after.</param>
    /// <returns>The chain id of the whole stack.</returns>
    public async Task<string> UnpackAsync(
        IReadOnlyList<PlannedLayer> layers, CancellationToken cancellationToken, Action<PlannedLayer, bool>? step = null)
    {
        IReadOnlyList<string> chain = Digests.ChainIds([.. layers.Select(l => l.DiffId)]);
        for (int i = 0; i < layers.Count; i++)
        {
            string parent = i == 0 ? "" : chain[i - 1];
            step?.Invoke(layers[i], false);
            if (!await KeepAsync(chain[i], cancellationToken))
            {
                await UnpackAsync(layers[i], parent, chain[i], cancellationToken);
            }

            step?.Invoke(layers[i], true);
        }

        return chain[^1];
    }

    /// <summary>Puts a snapshot that exists under the lease.</summary>
    private async Task<bool> KeepAsync(string chainId, CancellationToken cancellationToken)
    {
        if (await _client.Snapshots.FindAsync(chainId, cancellationToken) is null)
        {
            return false;
        }

        await _client.Leases.AddAsync(_lease, new LeaseResource("snapshots/" + SnapshotsService.Snapshotter, chainId), cancellationToken);

        // It may have gone just before the lease took hold of it.
        return await _client.Snapshots.FindAsync(chainId, cancellationToken) is not null;
    }

    private async Task UnpackAsync(PlannedLayer layer, string parent, string chainId, CancellationToken cancellationToken)
    {
        string key = $"sleigh-unpack-{Guid.NewGuid():N}";
        IReadOnlyList<ContainerdMount> mounts = await _client.Snapshots.PrepareAsync(key, parent, cancellationToken: cancellationToken);
        Descriptor applied;
        try
        {
            applied = await _client.Diff.ApplyAsync(layer.Blob, mounts, cancellationToken);
        }
        catch (ContainerdException ex) when (ex.Kind is ContainerdErrorKind.Internal or ContainerdErrorKind.InvalidArgument)
        {
            throw new ImageException(ImageErrorKind.BrokenArchive, $"the layer {layer.Blob.Digest} cannot be unpacked: {ex.Message}", ex);
        }

        if (applied.Digest != layer.DiffId)
        {
            throw new ImageException(
                ImageErrorKind.WrongDigest, $"the layer {layer.Blob.Digest} unpacks to {applied.Digest}, the configuration says {layer.DiffId}");
        }

        try
        {
            await _client.Snapshots.CommitAsync(chainId, key, cancellationToken: cancellationToken);
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.AlreadyExists)
        {
            // Another import of the same layers was quicker.
            await _client.Snapshots.RemoveAsync(key, cancellationToken);
            await KeepAsync(chainId, cancellationToken);
        }
    }
}
