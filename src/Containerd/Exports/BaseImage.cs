namespace Sleigh.Containerd;

/// <summary>
/// An image that something is to go on top of. Until it is disposed its blobs stay in the content store, whatever becomes of the image's name.
/// </summary>
public sealed class BaseImage : IAsyncDisposable
{
    private readonly ImageStore _store;
    private readonly ImportLease _lease;
    private readonly IReadOnlyList<PlannedLayer> _layers;
    private readonly byte[] _config;

    private BaseImage(ImageStore store, ImportLease lease, IReadOnlyList<PlannedLayer> layers, byte[] config) =>
        (_store, _lease, _layers, _config) = (store, lease, layers, config);

    /// <summary>Finds the image of a stack of layers.</summary>
    /// <param name="store">Where to look.</param>
    /// <param name="chainId">The stack.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ImageException">NotFound: no image has these layers any more, or containerd kept only what it unpacked of them.</exception>
    /// <exception cref="ContainerdException">containerd failed.</exception>
    public static async Task<BaseImage> OpenAsync(ImageStore store, string chainId, CancellationToken cancellationToken = default)
    {
        ImportLease lease = await ImportLease.MakeAsync(store.Client, cancellationToken);
        try
        {
            string? missing = null;
            foreach ((string name, HostImage image) in await store.OfChainAsync(chainId, cancellationToken))
            {
                missing = await KeepAsync(store.Client, lease, image, cancellationToken) is { } digest ? $"{name}, lacks its layer {digest}" : null;
                if (missing is null)
                {
                    byte[] config = await store.Client.Content.ReadSmallAsync(image.Manifest.Config!.Digest!, store.Limits.MaxJsonBytes, cancellationToken);
                    return new BaseImage(store, lease, LayersOf(image), config);
                }
            }

            throw new ImageException(
                ImageErrorKind.NotFound,
                missing is null
                    ? "the image that the snapshot stands on has been removed or replaced; import or pull it again, under any name"
                    : $"the image that the snapshot stands on, {missing}: containerd has unpacked it and thrown the archive away; import or pull the image again");
        }
        catch (Exception ex) when (ex is ImageException or ContainerdException or OperationCanceledException)
        {
            await lease.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes the image with a layer on top as one tar that is an OCI layout and a docker archive.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="name">The name in it.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">Ends it in the middle.</param>
    /// <exception cref="ImageException">TooLarge: too many layers; nothing was written then.</exception>
    /// <exception cref="ContainerdException">containerd failed.</exception>
    public Task WriteArchiveAsync(NewLayer layer, ImageName name, Stream output, CancellationToken cancellationToken) =>
        ImageArchive.WriteAsync(Draft(layer), name, digest => digest == layer.Digest ? layer.Open() : Read(digest, cancellationToken), output, cancellationToken);

    /// <summary>Makes an image of the namespace with a layer on top. All or nothing; a name that exists then points to the new image.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="name">The image's name.</param>
    /// <param name="cancellationToken">Stops and undoes.</param>
    /// <exception cref="ImageException">TooLarge, or the layer cannot be unpacked.</exception>
    /// <exception cref="ContainerdException">containerd failed.</exception>
    public async Task StoreAsync(NewLayer layer, ImageName name, CancellationToken cancellationToken)
    {
        ImageDraft draft = Draft(layer);
        var ingest = new BlobIngest(_lease.Client, _lease.Id, new ImportBudget(_store.Limits));
        await using (Stream content = layer.Open())
        {
            ImportPlanner.Check(await ingest.TakeAsync(content, layer.Size, "the snapshot's layer", layer.Digest, cancellationToken), layer.DiffId, "the snapshot's layer");
        }

        await draft.StoreAsync(name, _store.Client, _lease, ingest, cancellationToken);
        _store.Forget(name.ToString());
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _lease.DisposeAsync();

    private ImageDraft Draft(NewLayer layer) => ImageDraft.Of(
        [.. _layers, new PlannedLayer(layer.Blob, layer.DiffId)], ImageText.WithLayer(_config, layer.DiffId, layer.Created, layer.CreatedBy), _store.Limits);

    private BlobReading Read(string digest, CancellationToken cancellationToken) =>
        new(_store.Client.Content.ReadAsync(digest, cancellationToken: cancellationToken), _layers.First(l => l.Blob.Digest == digest).Blob);

    // OCI's media types throughout: a manifest that mixes them with docker's is refused by some tools.
    private static PlannedLayer[] LayersOf(HostImage image) =>
    [
        .. image.Manifest.Layers!.Zip(image.DiffIds, (layer, diffId) => new PlannedLayer(
            new Descriptor(MediaTypes.LayerOf(MediaTypes.CompressionOf(layer.MediaType!)), layer.Digest!, layer.Size), diffId)),
    ];

    // Under the lease first, looked for then: what goes in between is seen to be missing.
    private static async Task<string?> KeepAsync(ContainerdClient client, ImportLease lease, HostImage image, CancellationToken cancellationToken)
    {
        foreach (string digest in image.Manifest.Layers!.Append(image.Manifest.Config!).Select(blob => blob.Digest!).Distinct())
        {
            await client.Leases.AddAsync(lease.Id, new LeaseResource("content", digest), cancellationToken);
            if (await client.Content.FindAsync(digest, cancellationToken) is null)
            {
                return digest;
            }
        }

        return null;
    }
}
