using System.Text.Json;

namespace Sleigh.Containerd;

/// <summary>From what an archive holds to the images that it means.</summary>
internal sealed class ImportPlanner
{
    private const string ContainerdName = "io.containerd.image.name";
    private const string RefName = "org.opencontainers.image.ref.name";

    private readonly ArchiveContents _contents;
    private readonly Func<string, Task<byte[]>> _read;
    private readonly ImageLimits _limits;
    private readonly SortedSet<string> _offered = new(StringComparer.Ordinal);
    private readonly ImageDocuments _documents;

    /// <param name="contents">What the archive holds.</param>
    /// <param name="read">Gives the bytes of a stored blob by its digest.</param>
    /// <param name="limits">The limits.</param>
    public ImportPlanner(ArchiveContents contents, Func<string, Task<byte[]>> read, ImageLimits limits)
    {
        _contents = contents;
        _read = read;
        _limits = limits;
        _documents = new ImageDocuments(ReadBlobAsync, limits);
    }

    /// <summary>The images for this host; at least one.</summary>
    /// <exception cref="ImageException">What the archive says makes no sense, or is for other hosts.</exception>
    public async Task<IReadOnlyList<PlannedImage>> PlanAsync()
    {
        // Docker 25 and later writes both forms; the OCI one says more.
        IReadOnlyList<PlannedImage> images =
            _contents.Documents.TryGetValue(ArchiveContents.IndexName, out byte[]? index) ? await PlanLayoutAsync(index)
            : _contents.Documents.TryGetValue(ArchiveContents.DockerName, out byte[]? docker) ? await PlanDockerAsync(docker)
            : throw new ImageException(
                ImageErrorKind.BrokenArchive, "the archive has neither an index.json (OCI layout) nor a manifest.json (docker archive)");
        if (images.Count > 0)
        {
            return images;
        }

        throw _offered.Count > 0
            ? new ImageException(ImageErrorKind.WrongPlatform, $"the image is for {string.Join(", ", _offered)}; this host is {OciPlatform.Host}")
            : new ImageException(ImageErrorKind.InvalidImage, "the archive names no image");
    }

    private async Task<IReadOnlyList<PlannedImage>> PlanLayoutAsync(byte[] json)
    {
        if (!_contents.Documents.ContainsKey(ArchiveContents.LayoutName))
        {
            throw new ImageException(ImageErrorKind.BrokenArchive, "the archive has an index.json but no oci-layout");
        }

        OciManifest index = OciJson.Read(json, OciJson.Default.OciManifest, "the archive's index.json");
        List<PlannedImage> images = [];
        foreach (OciDescriptor descriptor in index.Manifests ?? [])
        {
            if (await _documents.FindAsync(descriptor, _offered) is { } found)
            {
                Add(images, Plan(found, NameOf(descriptor)));
            }
        }

        return images;
    }

    private PlannedImage Plan(HostImage image, string? name)
    {
        List<PlannedLayer> layers = [];
        foreach ((OciDescriptor layer, string diffId) in image.Manifest.Layers!.Zip(image.DiffIds))
        {
            layers.Add(Check(_contents.Blob(layer, "a layer"), diffId, $"the layer {layer.Digest}"));
        }

        return new PlannedImage(name is null ? [] : [name], image.Target, null, image.Manifest.Config!.Digest!, layers);
    }

    private async Task<IReadOnlyList<PlannedImage>> PlanDockerAsync(byte[] json)
    {
        IReadOnlyList<DockerArchiveImage> entries = OciJson.Read(json, OciJson.Default.IReadOnlyListDockerArchiveImage, "the archive's manifest.json");
        List<PlannedImage> images = [];
        foreach (DockerArchiveImage entry in entries)
        {
            IReadOnlyList<string> names = entry.Layers ?? [];
            BlobFacts config = _contents.DockerMember(entry.Config, "an image's configuration");
            if (_documents.ReadConfig(await ReadJsonAsync(config), $"the configuration '{entry.Config}'", names.Count, _offered) is not { } image)
            {
                continue;
            }

            List<PlannedLayer> layers = [];
            foreach ((string name, string diffId) in names.Zip(image.Rootfs!.DiffIds!))
            {
                layers.Add(Check(_contents.DockerMember(name, "a layer"), diffId, $"the layer '{name}'"));
            }

            byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(
                new OciManifest
                {
                    SchemaVersion = 2,
                    MediaType = MediaTypes.OciManifest,
                    Config = new OciDescriptor { MediaType = MediaTypes.OciConfig, Digest = config.Digest, Size = config.Size },
                    Layers = [.. layers.Select(l => new OciDescriptor { MediaType = l.Blob.MediaType, Digest = l.Blob.Digest, Size = l.Blob.Size })],
                },
                OciJson.Default.OciManifest);
            var target = new Descriptor(MediaTypes.OciManifest, Digests.Of(manifest), manifest.Length);
            Add(images, new PlannedImage(entry.RepoTags ?? [], target, manifest, config.Digest, layers));
        }

        return images;
    }

    /// <summary>A blob as a layer, where it can be that one.</summary>
    public static PlannedLayer Check(BlobFacts facts, string diffId, string what)
    {
        if (facts.DiffId is null)
        {
            throw new ImageException(ImageErrorKind.BrokenArchive, $"{what} is broken: {facts.Problem}");
        }

        return facts.DiffId == diffId
            ? new PlannedLayer(new Descriptor(MediaTypes.LayerOf(facts.Compression), facts.Digest, facts.Size), diffId)
            : throw new ImageException(ImageErrorKind.WrongDigest, $"{what} unpacks to {facts.DiffId}, the configuration says {diffId}");
    }

    /// <summary>One image of several names stands in an index once for each.</summary>
    private static void Add(List<PlannedImage> images, PlannedImage image)
    {
        int same = images.FindIndex(i => i.Target.Digest == image.Target.Digest);
        if (same < 0)
        {
            images.Add(image);
        }
        else
        {
            images[same] = images[same] with { Names = [.. images[same].Names.Union(image.Names)] };
        }
    }

    private static string? NameOf(OciDescriptor descriptor)
    {
        if (descriptor.Annotations?.GetValueOrDefault(ContainerdName) is { Length: > 0 } full)
        {
            return full;
        }

        // OCI leaves open what this is: some tools write a whole name, others only the tag.
        string? name = descriptor.Annotations?.GetValueOrDefault(RefName);
        return name is not null && (name.Contains('/', StringComparison.Ordinal) || name.Contains(':', StringComparison.Ordinal)) ? name : null;
    }

    private async Task<byte[]> ReadBlobAsync(OciDescriptor descriptor, string what) => await ReadJsonAsync(_contents.Blob(descriptor, what));

    private Task<byte[]> ReadJsonAsync(BlobFacts facts) => facts.Size <= _limits.MaxJsonBytes
        ? _read(facts.Digest)
        : throw new ImageException(
            ImageErrorKind.TooLarge, $"the document {facts.Digest} has {facts.Size} bytes, more than the limit of {_limits.MaxJsonBytes}");
}
