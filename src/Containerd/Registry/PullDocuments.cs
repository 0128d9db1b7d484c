namespace Sleigh.Containerd;

/// <summary>Finds the image behind a name: from the tag or digest over indexes to the manifest and its configuration.</summary>
internal sealed class PullDocuments
{
    /// <summary>Documents of one pull: an index may list more manifests than anybody wants to ask for.</summary>
    private const int MaxDocuments = 64;

    private readonly RegistrySource _source;
    private readonly ImageLimits _limits;
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<string, byte[]> _read = new(StringComparer.Ordinal);

    public PullDocuments(RegistrySource source, ImageLimits limits, CancellationToken cancellationToken)
    {
        _source = source;
        _limits = limits;
        _cancellationToken = cancellationToken;
    }

    /// <summary>The bytes of a document that was read before.</summary>
    public byte[] this[string digest] => _read[digest];

    /// <exception cref="ImageException">What was found makes no sense, or is for other platforms.</exception>
    /// <exception cref="RegistryException">The registry did not give it.</exception>
    public async Task<HostImage> FindAsync(OciPlatform platform)
    {
        string reference = _source.Name.Digest ?? _source.Name.Tag!;
        RegistryDocument top = await _source.GetManifestAsync(reference, _limits.MaxJsonBytes, _cancellationToken);
        Keep(top, _source.Name.Digest ?? top.Digest, "the manifest");
        var offered = new SortedSet<string>(StringComparer.Ordinal);
        var documents = new ImageDocuments(ReadManifestAsync, _limits, platform, ReadConfigAsync);
        var descriptor = new OciDescriptor { MediaType = top.MediaType, Digest = top.Digest, Size = top.Bytes.Length };
        return await documents.FindAsync(descriptor, offered) ?? throw new ImageException(
            ImageErrorKind.WrongPlatform,
            offered.Count > 0 ? $"the image is for {string.Join(", ", offered)}, not for {platform}" : "the index lists no image");
    }

    private Task<byte[]> ReadManifestAsync(OciDescriptor descriptor, string what) => ReadAsync(descriptor, what, _source.GetManifestAsync);

    private Task<byte[]> ReadConfigAsync(OciDescriptor descriptor, string what) => ReadAsync(descriptor, what, _source.GetSmallBlobAsync);

    private async Task<byte[]> ReadAsync(
        OciDescriptor descriptor, string what, Func<string, int, CancellationToken, Task<RegistryDocument>> get)
    {
        if (descriptor.Digest is not { } digest || !Digests.IsValid(digest))
        {
            throw new ImageException(ImageErrorKind.InvalidImage, $"{what} is named '{descriptor.Digest}', which is no SHA-256 digest");
        }

        if (!_read.TryGetValue(digest, out byte[]? bytes))
        {
            if (_read.Count == MaxDocuments)
            {
                throw new ImageException(ImageErrorKind.TooLarge, $"the index leads to more than {MaxDocuments} manifests");
            }

            RegistryDocument document = await get(digest, _limits.MaxJsonBytes, _cancellationToken);
            Keep(document, digest, what);
            bytes = document.Bytes;
        }

        return bytes;
    }

    // What the registry says the digest is (Docker-Content-Digest) is never looked at.
    private void Keep(RegistryDocument document, string digest, string what)
    {
        if (document.Digest != digest)
        {
            throw new ImageException(ImageErrorKind.WrongDigest, $"{what} {digest} came with the digest {document.Digest}");
        }

        _read[digest] = document.Bytes;
    }
}
