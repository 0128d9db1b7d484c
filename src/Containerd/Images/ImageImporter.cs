namespace Sleigh.Containerd;

/// <summary>One import: read, check, unpack, name.</summary>
internal sealed class ImageImporter
{
    private readonly ContainerdClient _client;
    private readonly ImageLimits _limits;

    public ImageImporter(ContainerdClient client, ImageLimits limits)
    {
        _client = client;
        _limits = limits;
    }

    /// <returns>The full names of the images.</returns>
    public async Task<IReadOnlyList<string>> ImportAsync(Stream archive, ImageName? name, CancellationToken cancellationToken)
    {
        await using ImportLease lease = await ImportLease.MakeAsync(_client, cancellationToken);
        var budget = new ImportBudget(_limits);
        var ingest = new BlobIngest(lease.Client, lease.Id, budget);
        ArchiveContents contents = await new ArchiveReader(ingest, budget).ReadAsync(archive, cancellationToken);
        var planner = new ImportPlanner(contents, digest => _client.Content.ReadSmallAsync(digest, _limits.MaxJsonBytes, cancellationToken), _limits);
        IReadOnlyList<PlannedImage> images = await planner.PlanAsync();
        IReadOnlyList<(ImageName Name, PlannedImage Image)> named = Name(images, name);

        var unpacker = new LayerUnpacker(lease.Client, lease.Id);
        foreach (PlannedImage image in images)
        {
            if (image.NewManifest is { } manifest)
            {
                await ingest.PutAsync(manifest, "the manifest", cancellationToken);
            }

            string chainId = await unpacker.UnpackAsync(image.Layers, cancellationToken);
            await ContentLabels.SetAsync(_client, image, chainId, cancellationToken);
        }

        await ImageNaming.SetAsync(_client, [.. named.Select(n => (n.Name, n.Image.Target))], cancellationToken);
        return [.. named.Select(n => n.Name.ToString())];
    }

    private static List<(ImageName Name, PlannedImage Image)> Name(IReadOnlyList<PlannedImage> images, ImageName? name)
    {
        if (name is not null)
        {
            return images.Count == 1
                ? [(name, images[0])]
                : throw new ImageException(
                    ImageErrorKind.InvalidName, $"the archive holds {images.Count} images; import it without a name to keep theirs");
        }

        List<(ImageName, PlannedImage)> named = [];
        foreach (PlannedImage image in images)
        {
            if (image.Names.Count == 0)
            {
                throw new ImageException(ImageErrorKind.InvalidName, "the archive names no image; give a name");
            }

            named.AddRange(image.Names.Select(n => (ImageName.Parse(n), image)));
        }

        return named;
    }
}
