namespace Sleigh.Containerd;

/// <summary>A manifest for this host, with its configuration.</summary>
internal sealed record HostImage(Descriptor Target, OciManifest Manifest, OciImage Image)
{
    public IReadOnlyList<string> DiffIds => Image.Rootfs!.DiffIds!;

    public ImageConfig ToConfig() => new()
    {
        Env = Image.Config?.Env ?? [],
        WorkingDir = Image.Config?.WorkingDir ?? "",
        User = Image.Config?.User ?? "",
        Cmd = Image.Config?.Cmd ?? [],
        Entrypoint = Image.Config?.Entrypoint ?? [],
    };
}

/// <summary>Finds the manifest for this host behind a descriptor, and checks that it makes sense.</summary>
internal sealed class ImageDocuments
{
    private const int MaxDepth = 4;
    private const int MaxManifests = 1000;

    private readonly Func<OciDescriptor, string, Task<byte[]>> _read;
    private readonly Func<OciDescriptor, string, Task<byte[]>> _readConfig;
    private readonly ImageLimits _limits;
    private readonly OciPlatform _platform;

    /// <param name="read">Gives a blob's bytes; the text says what it is, for messages.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="platform">What the image must run on; null for this host.</param>
    /// <param name="readConfig">Gives a configuration's bytes, where that is done in another way.</param>
    public ImageDocuments(
        Func<OciDescriptor, string, Task<byte[]>> read,
        ImageLimits limits,
        OciPlatform? platform = null,
        Func<OciDescriptor, string, Task<byte[]>>? readConfig = null)
    {
        _read = read;
        _readConfig = readConfig ?? read;
        _limits = limits;
        _platform = platform ?? OciPlatform.Host;
    }

    /// <summary>The image for the platform, or null where there are only others; those are added to <paramref name="offered"/>.</summary>
    /// <exception cref="ImageException">A document makes no sense.</exception>
    public async Task<HostImage?> FindAsync(OciDescriptor descriptor, ISet<string> offered, int depth = 0)
    {
        // Attestations of how an image was built stand beside it as manifests of an unknown platform.
        if (descriptor.Platform is { Os: not null and not "" } platform && !platform.RunsOn(_platform))
        {
            if (platform.Os != "unknown")
            {
                offered.Add(platform.ToString());
            }

            return null;
        }

        string what = depth == 0 ? "an image's manifest" : "a manifest of an index";
        OciManifest manifest = OciJson.Read(await _read(descriptor, what), OciJson.Default.OciManifest, $"the manifest {descriptor.Digest}");
        if (manifest.Manifests is not null && (manifest.Layers is not null || manifest.Config is not null))
        {
            throw new ImageException(ImageErrorKind.InvalidImage, $"the manifest {descriptor.Digest} is an index and an image at once");
        }

        if (manifest.Manifests is null)
        {
            return await ReadImageAsync(descriptor, manifest, offered);
        }

        if (depth == MaxDepth || manifest.Manifests.Count > MaxManifests)
        {
            throw new ImageException(ImageErrorKind.TooLarge, $"the index {descriptor.Digest} is nested too deeply or too long");
        }

        // The best variant first; the order of equal ones is the index's.
        foreach (OciDescriptor child in manifest.Manifests.OrderByDescending(m => m.Platform?.Level ?? -1))
        {
            if (await FindAsync(child, offered, depth + 1) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Reads and checks a configuration; null where it is for another platform.</summary>
    public OciImage? ReadConfig(byte[] json, string what, int layers, ISet<string> offered)
    {
        OciImage image = OciJson.Read(json, OciJson.Default.OciImage, what);
        var platform = new OciPlatform { Os = image.Os, Architecture = image.Architecture };
        if (platform.Os != _platform.Os || platform.Architecture != _platform.Architecture)
        {
            offered.Add(platform.ToString());
            return null;
        }

        IReadOnlyList<string> diffIds = image.Rootfs?.DiffIds
            ?? throw new ImageException(ImageErrorKind.InvalidImage, $"{what} names no layers (rootfs.diff_ids)");
        if (diffIds.FirstOrDefault(d => !Digests.IsValid(d)) is { } bad)
        {
            throw new ImageException(ImageErrorKind.InvalidImage, $"{what} names the layer '{bad}', which is no SHA-256");
        }

        if (diffIds.Count != layers)
        {
            throw new ImageException(ImageErrorKind.InvalidImage, $"{what} names {diffIds.Count} layers, the manifest {layers}");
        }

        return layers switch
        {
            0 => throw new ImageException(ImageErrorKind.InvalidImage, $"{what} names no layers: the image holds no files"),
            _ when layers > _limits.MaxLayers =>
                throw new ImageException(ImageErrorKind.TooLarge, $"the image has {layers} layers, more than the limit of {_limits.MaxLayers}"),
            _ => image,
        };
    }

    private async Task<HostImage?> ReadImageAsync(OciDescriptor descriptor, OciManifest manifest, ISet<string> offered)
    {
        string what = $"the manifest {descriptor.Digest}";
        if (manifest.SchemaVersion != 2 || manifest.Config is not { } config || manifest.Layers is not { } layers)
        {
            throw new ImageException(ImageErrorKind.InvalidImage, $"{what} is not an image manifest of schema version 2");
        }

        if (layers.FirstOrDefault(l => !MediaTypes.IsLayer(l.MediaType)) is { } unknown)
        {
            throw new ImageException(ImageErrorKind.InvalidImage, $"{what} has a layer of the type '{unknown.MediaType}', which is not supported");
        }

        byte[] json = await _readConfig(config, "an image's configuration");
        return ReadConfig(json, $"the configuration {config.Digest}", layers.Count, offered) is { } image
            ? new HostImage(new Descriptor(manifest.MediaType ?? descriptor.MediaType ?? MediaTypes.OciManifest, descriptor.Digest!, descriptor.Size), manifest, image)
            : null;
    }
}
