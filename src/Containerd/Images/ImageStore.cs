using System.Collections.Concurrent;

namespace Sleigh.Containerd;

/// <summary>
/// The images of the client's namespace: import, list, remove, open. Names may be short; they are completed as docker does
/// (<see cref="ImageName"/>). Safe for use by many callers at once.
/// </summary>
public sealed class ImageStore
{
    private readonly ContainerdClient _client;
    private readonly ImageLimits _limits;
    private readonly ImageViews _views;
    private readonly ConcurrentDictionary<string, ImageTree> _trees = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _lowers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, HostImage> _images = new(StringComparer.Ordinal);

    /// <summary>Makes the store.</summary>
    /// <param name="client">The client, in the namespace of the images.</param>
    /// <param name="limits">How much an archive may hold; null for the defaults.</param>
    public ImageStore(ContainerdClient client, ImageLimits? limits = null)
    {
        _client = client;
        _limits = limits ?? new ImageLimits();
        _views = new ImageViews(client);
    }

    /// <summary>Drops what an import left when its daemon died. Call it at start, before any import.</summary>
    public Task RecoverAsync(CancellationToken cancellationToken = default) => ImportLease.DropOldAsync(_client, cancellationToken);

    /// <summary>
    /// Imports all images for this host of an OCI layout tar or a docker-archive tar, plain or compressed by gzip or zstd. All or
    /// nothing: where it fails, no name, blob or snapshot is left. A name that exists then points to the new image.
    /// </summary>
    /// <param name="tar">The archive; read to the tar's end, and not disposed.</param>
    /// <param name="name">The name to give; null to take the archive's own.</param>
    /// <param name="cancellationToken">Stops and undoes the import.</param>
    /// <returns>The full names of the images.</returns>
    /// <exception cref="ImageException">The name, the archive or an image in it is refused; one sentence says why.</exception>
    /// <exception cref="ContainerdException">containerd failed.</exception>
    public async Task<IReadOnlyList<string>> ImportAsync(Stream tar, string? name, CancellationToken cancellationToken = default)
    {
        ImageName? wanted = name is null ? null : ImageName.Parse(name);
        IReadOnlyList<string> names = await new ImageImporter(_client, _limits).ImportAsync(tar, wanted, cancellationToken);
        foreach (string imported in names)
        {
            _trees.TryRemove(imported, out _);
        }

        return names;
    }

    /// <summary>
    /// Fetches an image from its registry, unpacks and names it. All or nothing: where it fails, what was there before is as it was. A
    /// name that exists then points to the new image.
    /// </summary>
    /// <param name="name">The image.</param>
    /// <param name="platform"><c>os/architecture[/variant]</c>; null for this host's.</param>
    /// <param name="puller">Does it.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Stops and undoes the pull.</param>
    /// <returns>The image's full name.</returns>
    /// <exception cref="ImageException">InvalidName.</exception>
    /// <exception cref="RegistryException">It cannot be fetched, or is refused.</exception>
    /// <exception cref="ContainerdException">containerd failed.</exception>
    public async Task<string> PullAsync(
        string name, string? platform, ImagePuller puller, IProgress<PullProgress>? progress, CancellationToken cancellationToken = default)
    {
        string full = await puller.PullAsync(ImageName.Parse(name), platform, progress, cancellationToken);
        _trees.TryRemove(full, out _);
        return full;
    }

    /// <summary>All images, by name.</summary>
    public async Task<IReadOnlyList<ImageSummary>> ListAsync(CancellationToken cancellationToken = default)
    {
        List<ImageSummary> images = [];
        foreach (ImageRecord record in (await _client.Images.ListAsync(cancellationToken)).OrderBy(i => i.Name, StringComparer.Ordinal))
        {
            images.Add(await SummariseAsync(record, cancellationToken));
        }

        return images;
    }

    /// <summary>The image of that name, or null.</summary>
    /// <exception cref="ImageException">InvalidName.</exception>
    public async Task<ImageSummary?> FindAsync(string name, CancellationToken cancellationToken = default) =>
        await _client.Images.FindAsync(ImageName.Parse(name).ToString(), cancellationToken) is { } record
            ? await SummariseAsync(record, cancellationToken)
            : null;

    /// <summary>Removes an image, and its layers where no other image has them. Whether a sandbox still uses it is the caller's concern.</summary>
    /// <returns>False where there was none of that name.</returns>
    /// <exception cref="ImageException">InvalidName.</exception>
    public async Task<bool> RemoveAsync(string name, CancellationToken cancellationToken = default)
    {
        string full = ImageName.Parse(name).ToString();
        if (await _client.Images.FindAsync(full, cancellationToken) is not { } record)
        {
            return false;
        }

        string? chainId = await ChainIdOfAsync(record, cancellationToken);
        _trees.TryRemove(full, out _);
        bool shared = false;
        foreach (ImageRecord other in await _client.Images.ListAsync(cancellationToken))
        {
            shared |= other.Name != full && chainId is not null && await ChainIdOfAsync(other, cancellationToken) == chainId;
        }

        // The view first: the collection that the last call waits for then takes the layers, too.
        if (chainId is not null && !shared)
        {
            await RemoveViewAsync(chainId, cancellationToken);
        }

        await _client.Images.DeleteAsync(full, collect: true, cancellationToken);
        return true;
    }

    /// <summary>Removes the views of layers that no image has any more and that are not in use (their names point elsewhere now).</summary>
    /// <param name="chainIdsInUse">Stacks that sandboxes are built on.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task PruneAsync(IReadOnlySet<string> chainIdsInUse, CancellationToken cancellationToken = default)
    {
        HashSet<string> kept = [.. chainIdsInUse];
        foreach (ImageRecord record in await _client.Images.ListAsync(cancellationToken))
        {
            if (await ChainIdOfAsync(record, cancellationToken) is { } chainId)
            {
                kept.Add(chainId);
            }
        }

        foreach (SnapshotInfo snapshot in await _client.Snapshots.ListAsync(cancellationToken))
        {
            if (ImageViews.ChainIdOf(snapshot.Key) is { } chainId && !kept.Contains(chainId))
            {
                await RemoveViewAsync(chainId, cancellationToken);
            }
        }
    }

    /// <summary>
    /// The image, ready to be mounted; unpacked first where it is not yet. A second call for the same name answers from memory,
    /// until the image is imported or removed through this store, or <see cref="Forget"/> is called.
    /// </summary>
    /// <exception cref="ImageException">NotFound, InvalidName, or the image cannot be used.</exception>
    public async ValueTask<ImageTree> OpenAsync(string name, CancellationToken cancellationToken = default)
    {
        if (_trees.TryGetValue(name, out ImageTree? tree))
        {
            return tree;
        }

        string full = ImageName.Parse(name).ToString();
        if (!_trees.TryGetValue(full, out tree))
        {
            ImageRecord record = await _client.Images.FindAsync(full, cancellationToken)
                ?? throw new ImageException(ImageErrorKind.NotFound, $"there is no image '{ImageName.Parse(name).Familiar}'");
            tree = await OpenAsync(record, cancellationToken);
            _trees[full] = tree;
        }

        return tree;
    }

    /// <summary>
    /// The directories of a stack of layers that was opened before, the uppermost first, whatever its image is called now: for
    /// sandboxes that outlive the image's name. A second call answers from memory.
    /// </summary>
    /// <exception cref="ContainerdException">NotFound: containerd does not have these layers any more.</exception>
    public async ValueTask<IReadOnlyList<string>> LowersAsync(string chainId, CancellationToken cancellationToken = default)
    {
        if (!_lowers.TryGetValue(chainId, out IReadOnlyList<string>? lowers))
        {
            lowers = await _views.OpenAsync(chainId, cancellationToken);
            _lowers[chainId] = lowers;
        }

        return lowers;
    }

    /// <summary>The client, in the namespace of the images.</summary>
    internal ContainerdClient Client => _client;

    /// <summary>How much an image may hold.</summary>
    internal ImageLimits Limits => _limits;

    /// <summary>The image of that name as its documents describe it.</summary>
    /// <exception cref="ImageException">NotFound, InvalidName, or it cannot be used.</exception>
    internal async Task<HostImage> ReadAsync(ImageName name, CancellationToken cancellationToken) =>
        await _client.Images.FindAsync(name.ToString(), cancellationToken) is { } record
            ? await ReadAsync(record, cancellationToken)
            : throw new ImageException(ImageErrorKind.NotFound, $"there is no image '{name.Familiar}'");

    /// <summary>The images of a stack of layers, by name; none where no name leads to it any more.</summary>
    internal async Task<IReadOnlyList<(string Name, HostImage Image)>> OfChainAsync(string chainId, CancellationToken cancellationToken)
    {
        List<(string, HostImage)> found = [];
        foreach (ImageRecord record in (await _client.Images.ListAsync(cancellationToken)).OrderBy(i => i.Name, StringComparer.Ordinal))
        {
            if (await ChainIdOfAsync(record, cancellationToken) == chainId)
            {
                found.Add((record.Name, await ReadAsync(record, cancellationToken)));
            }
        }

        return found;
    }

    /// <summary>Forgets what is remembered of a full name, e.g. after an event said that others changed it.</summary>
    public void Forget(string fullName) => _trees.TryRemove(fullName, out _);

    private Task<bool> RemoveViewAsync(string chainId, CancellationToken cancellationToken)
    {
        _lowers.TryRemove(chainId, out _);
        return _views.RemoveAsync(chainId, cancellationToken);
    }

    private async Task<ImageTree> OpenAsync(ImageRecord record, CancellationToken cancellationToken)
    {
        HostImage image = await ReadAsync(record, cancellationToken);
        string chainId = Digests.ChainIds(image.DiffIds)[^1];
        if (await _client.Snapshots.FindAsync(chainId, cancellationToken) is null)
        {
            await UnpackAsync(image, cancellationToken);
        }

        return new ImageTree(record.Name, image.Target.Digest, chainId, image.ToConfig(), await LowersAsync(chainId, cancellationToken));
    }

    /// <summary>Images that others brought into the namespace need not be unpacked.</summary>
    private async Task UnpackAsync(HostImage image, CancellationToken cancellationToken)
    {
        PlannedLayer[] layers =
        [
            .. image.Manifest.Layers!.Zip(image.DiffIds, (layer, diffId) => new PlannedLayer(
                new Descriptor(MediaTypes.LayerOf(MediaTypes.CompressionOf(layer.MediaType!)), layer.Digest!, layer.Size), diffId)),
        ];
        await using ImportLease lease = await ImportLease.MakeAsync(_client, cancellationToken);
        string chainId = await new LayerUnpacker(lease.Client, lease.Id).UnpackAsync(layers, cancellationToken);
        var planned = new PlannedImage([], image.Target, null, image.Manifest.Config!.Digest!, layers);
        await ContentLabels.SetAsync(_client, planned, chainId, cancellationToken);
    }

    private async Task<HostImage> ReadAsync(ImageRecord record, CancellationToken cancellationToken)
    {
        if (_images.TryGetValue(record.Target.Digest, out HostImage? known))
        {
            return known;
        }

        var offered = new SortedSet<string>(StringComparer.Ordinal);
        var documents = new ImageDocuments((d, _) => _client.Content.ReadSmallAsync(d.Digest!, _limits.MaxJsonBytes, cancellationToken), _limits);
        var target = new OciDescriptor { MediaType = record.Target.MediaType, Digest = record.Target.Digest, Size = record.Target.Size };
        HostImage image = await documents.FindAsync(target, offered) ?? throw new ImageException(
            ImageErrorKind.WrongPlatform, $"the image '{record.Name}' is for {string.Join(", ", offered)}; this host is {OciPlatform.Host}");
        return _images.GetOrAdd(record.Target.Digest, image);
    }

    /// <summary>Null for an image that cannot be read, e.g. one of another platform that others brought.</summary>
    private async Task<string?> ChainIdOfAsync(ImageRecord record, CancellationToken cancellationToken)
    {
        try
        {
            return Digests.ChainIds((await ReadAsync(record, cancellationToken)).DiffIds)[^1];
        }
        catch (ImageException)
        {
            return null;
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.NotFound)
        {
            return null;
        }
    }

    private async Task<ImageSummary> SummariseAsync(ImageRecord record, CancellationToken cancellationToken)
    {
        string? chainId = null;
        var blobs = new Dictionary<string, long> { [record.Target.Digest] = record.Target.Size };
        try
        {
            HostImage image = await ReadAsync(record, cancellationToken);
            chainId = Digests.ChainIds(image.DiffIds)[^1];
            foreach (OciDescriptor blob in image.Manifest.Layers!.Append(image.Manifest.Config!))
            {
                blobs[blob.Digest!] = blob.Size;
            }
        }
        catch (ImageException)
        {
            // For another platform; listed all the same.
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.NotFound)
        {
            // Its blobs are not all here; listed all the same.
        }

        return new ImageSummary(record.Name, record.Target.Digest, blobs.Values.Sum(), record.CreatedAt) { ChainId = chainId, Blobs = blobs };
    }
}
