namespace Sleigh.Containerd;

/// <summary>One image from one place: find, fetch, unpack. Naming it is the caller's.</summary>
internal sealed class ImagePull
{
    private readonly ImportLease _lease;
    private readonly ImageLimits _limits;
    private readonly RegistrySettings _settings;
    private readonly RegistrySource _source;
    private readonly OciPlatform _platform;
    private readonly PullTracker _tracker;
    private readonly ImportBudget _budget;
    private readonly StoredBlobs _stored;

    public ImagePull(
        ImportLease lease, ImageLimits limits, RegistrySettings settings, RegistrySource source, OciPlatform platform, PullTracker tracker)
    {
        _lease = lease;
        _limits = limits;
        _settings = settings;
        _source = source;
        _platform = platform;
        _tracker = tracker;
        _budget = new ImportBudget(limits);
        _stored = new StoredBlobs(lease, _budget);
    }

    /// <returns>The manifest; all that belongs to it is unpacked, and kept by the lease.</returns>
    /// <exception cref="RegistryException">It cannot be fetched, or is refused.</exception>
    public async Task<Descriptor> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await PullAsync(cancellationToken);
        }
        catch (ImageException ex)
        {
            throw _source.Fail(ex.Kind == ImageErrorKind.ToolFailed ? RegistryErrorKind.Other : RegistryErrorKind.Invalid, ex.Message, ex);
        }
    }

    private async Task<Descriptor> PullAsync(CancellationToken cancellationToken)
    {
        var documents = new PullDocuments(_source, _limits, cancellationToken);
        HostImage image = await documents.FindAsync(_platform);
        IReadOnlyList<OciDescriptor> layers = image.Manifest.Layers!;
        Check(layers);
        _tracker.Begin(layers);
        IReadOnlyList<PlannedLayer> planned = await FetchAsync(layers, image.DiffIds, cancellationToken);

        var ingest = new BlobIngest(_lease.Client, _lease.Id, _budget);
        string config = image.Manifest.Config!.Digest!;
        await ingest.PutAsync(documents[config], "the configuration", cancellationToken);
        await ingest.PutAsync(documents[image.Target.Digest], "the manifest", cancellationToken);
        _tracker.Enter(PullStage.Unpacking);
        string chainId = await new LayerUnpacker(_lease.Client, _lease.Id).UnpackAsync(
            planned, cancellationToken, (layer, done) => _tracker.Set(layer.Blob.Digest, done ? LayerState.Unpacked : LayerState.Unpacking));
        await ContentLabels.SetAsync(_lease.Client, new PlannedImage([], image.Target, null, config, planned), chainId, cancellationToken);
        return image.Target;
    }

    private void Check(IReadOnlyList<OciDescriptor> layers)
    {
        foreach (OciDescriptor layer in layers)
        {
            if (!Digests.IsValid(layer.Digest) || layer.Size < 0)
            {
                throw new ImageException(
                    ImageErrorKind.InvalidImage, $"the manifest names the layer '{layer.Digest}' of {layer.Size} bytes, which is no SHA-256 digest and size");
            }

            if (MediaTypes.IsForeign(layer.MediaType!))
            {
                throw new ImageException(
                    ImageErrorKind.InvalidImage, $"the layer {layer.Digest} is of the type '{layer.MediaType}', whose bytes registries do not hold");
            }

            if (layer.Size > _limits.MaxMemberBytes)
            {
                throw new ImageException(
                    ImageErrorKind.TooLarge, $"the layer {layer.Digest} has {layer.Size} bytes, more than the limit of {_limits.MaxMemberBytes}");
            }
        }

        // At most MaxLayers of at most MaxMemberBytes: no overflow.
        long all = layers.DistinctBy(l => l.Digest).Sum(l => l.Size);
        if (all > _limits.MaxArchiveBytes)
        {
            throw new ImageException(ImageErrorKind.TooLarge, $"the layers have {all} bytes, more than the limit of {_limits.MaxArchiveBytes}");
        }
    }

    /// <summary>Brings the layers in, several at once.</summary>
    private async Task<IReadOnlyList<PlannedLayer>> FetchAsync(
        IReadOnlyList<OciDescriptor> layers, IReadOnlyList<string> diffIds, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> chain = Digests.ChainIds(diffIds);
        var planned = new PlannedLayer[layers.Count];
        ParallelOptions options = new() { MaxDegreeOfParallelism = Math.Max(1, _settings.ParallelLayers), CancellationToken = cancellationToken };

        // A layer that stands in an image twice is fetched once, but takes its place on disk twice.
        await Parallel.ForEachAsync(Enumerable.Range(0, layers.Count).GroupBy(i => layers[i].Digest), options, async (places, token) =>
        {
            foreach (int i in places)
            {
                planned[i] = await FetchAsync(layers[i], diffIds[i], chain[i], token);
            }
        });
        return planned;
    }

    private async Task<PlannedLayer> FetchAsync(OciDescriptor layer, string diffId, string chainId, CancellationToken cancellationToken)
    {
        string what = $"the layer {layer.Digest}";
        if (await _stored.KeepAsync(layer, cancellationToken))
        {
            _tracker.Set(layer.Digest!, LayerState.Present);
            if (await _lease.Client.Snapshots.FindAsync(chainId, cancellationToken) is not null)
            {
                Compression stated = MediaTypes.CompressionOf(layer.MediaType!);
                return new PlannedLayer(new Descriptor(MediaTypes.LayerOf(stated), layer.Digest!, layer.Size), diffId);
            }

            return ImportPlanner.Check(await _stored.MeasureAsync(layer, what, cancellationToken), diffId, what);
        }

        _tracker.Set(layer.Digest!, LayerState.Downloading);
        await using var content = new BlobStream(_source, layer, _settings, _tracker);
        BlobFacts facts = await new BlobIngest(_lease.Client, _lease.Id, _budget).TakeAsync(content, layer.Size, what, layer.Digest, cancellationToken);
        PlannedLayer planned = ImportPlanner.Check(facts, diffId, what);
        _tracker.Set(layer.Digest!, LayerState.Downloaded);
        return planned;
    }
}
