using System.Text.Json;

namespace Sleigh.Containerd;

/// <summary>An image that is put together: its layers are there, its documents are made.</summary>
internal sealed record ImageDraft
{
    private ImageDraft(IReadOnlyList<PlannedLayer> layers, byte[] config)
    {
        (Layers, Config) = (layers, config);
        ConfigBlob = new Descriptor(MediaTypes.OciConfig, Digests.Of(config), config.Length);
        Manifest = JsonSerializer.SerializeToUtf8Bytes(
            new OciManifest
            {
                SchemaVersion = 2,
                MediaType = MediaTypes.OciManifest,
                Config = Oci(ConfigBlob),
                Layers = [.. layers.Select(layer => Oci(layer.Blob))],
            },
            OciJson.Default.OciManifest);
        ManifestBlob = new Descriptor(MediaTypes.OciManifest, Digests.Of(Manifest), Manifest.Length);
    }

    /// <summary>The lowest first.</summary>
    public IReadOnlyList<PlannedLayer> Layers { get; }

    public byte[] Config { get; }

    public Descriptor ConfigBlob { get; }

    public byte[] Manifest { get; }

    public Descriptor ManifestBlob { get; }

    /// <exception cref="ImageException">TooLarge.</exception>
    public static ImageDraft Of(IReadOnlyList<PlannedLayer> layers, byte[] config, ImageLimits limits) => layers.Count <= limits.MaxLayers
        ? new ImageDraft(layers, config)
        : throw new ImageException(ImageErrorKind.TooLarge, $"the image would have {layers.Count} layers, more than the limit of {limits.MaxLayers}");

    /// <summary>Stores the documents, unpacks the layers and names the image; the layers' blobs must be in the content store.</summary>
    public async Task StoreAsync(ImageName name, ContainerdClient client, ImportLease lease, BlobIngest ingest, CancellationToken cancellationToken)
    {
        await ingest.PutAsync(Config, "the configuration", cancellationToken);
        await ingest.PutAsync(Manifest, "the manifest", cancellationToken);
        string chainId = await new LayerUnpacker(lease.Client, lease.Id).UnpackAsync(Layers, cancellationToken);
        await ContentLabels.SetAsync(client, new PlannedImage([], ManifestBlob, null, ConfigBlob.Digest, Layers), chainId, cancellationToken);
        await ImageNaming.SetAsync(client, [(name, ManifestBlob)], cancellationToken);
    }

    public static OciDescriptor Oci(Descriptor blob) => new() { MediaType = blob.MediaType, Digest = blob.Digest, Size = blob.Size };
}
