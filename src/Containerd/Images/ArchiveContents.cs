namespace Sleigh.Containerd;

/// <summary>What an archive of images was found to hold.</summary>
internal sealed class ArchiveContents
{
    public const string IndexName = "index.json";
    public const string LayoutName = "oci-layout";
    public const string DockerName = "manifest.json";
    public const string BlobFolder = "blobs/";
    private const string Sha256Folder = "blobs/sha256/";

    /// <summary>Members by name.</summary>
    public Dictionary<string, BlobFacts> Members { get; } = new(StringComparer.Ordinal);

    /// <summary>Links by name, to the names that they mean.</summary>
    public Dictionary<string, string> Links { get; } = new(StringComparer.Ordinal);

    /// <summary>The three files that say what the others are, by name.</summary>
    public Dictionary<string, byte[]> Documents { get; } = new(StringComparer.Ordinal);

    public bool Has(string name) => Members.ContainsKey(name) || Links.ContainsKey(name) || Documents.ContainsKey(name);

    /// <summary>The name that a blob has in an OCI layout.</summary>
    public static string BlobName(string digest) => Sha256Folder + Digests.Hex(digest);

    /// <summary>The digest that a member's name promises, or null.</summary>
    public static string? PromisedDigest(string name) =>
        name.StartsWith(Sha256Folder, StringComparison.Ordinal) && Digests.Prefix + name[Sha256Folder.Length..] is var digest && Digests.IsValid(digest)
        ? digest
        : null;

    /// <summary>A blob that an OCI document refers to.</summary>
    /// <exception cref="ImageException">The archive has no such blob, or of another size.</exception>
    public BlobFacts Blob(OciDescriptor descriptor, string what)
    {
        if (!Digests.IsValid(descriptor.Digest))
        {
            throw new ImageException(ImageErrorKind.InvalidImage, $"{what} has the digest '{descriptor.Digest}', which is no SHA-256");
        }

        if (!Members.TryGetValue(BlobName(descriptor.Digest), out BlobFacts? facts))
        {
            throw new ImageException(ImageErrorKind.BrokenArchive, $"the archive lacks the blob {descriptor.Digest}, which is {what}");
        }

        return facts.Size == descriptor.Size
            ? facts
            : throw new ImageException(
                ImageErrorKind.WrongDigest, $"{what}, the blob {descriptor.Digest}, has {facts.Size} bytes and not {descriptor.Size}");
    }

    /// <summary>A member that the manifest of a docker archive names.</summary>
    /// <exception cref="ImageException">The archive has no such member.</exception>
    public BlobFacts DockerMember(string? name, string what)
    {
        string path = ArchivePath.Normalise(name ?? "");

        // Older docker writes a layer that several images share once, and links to it.
        for (int hops = 0; path.EndsWith("/layer.tar", StringComparison.Ordinal) && Links.TryGetValue(path, out string? target) && hops < 8; hops++)
        {
            path = target;
        }

        if (Links.ContainsKey(path))
        {
            throw new ImageException(ImageErrorKind.UnsafeArchive, $"the archive holds a link in place of {what}, '{path}'");
        }

        return Members.TryGetValue(path, out BlobFacts? facts)
            ? facts
            : throw new ImageException(ImageErrorKind.BrokenArchive, $"the archive lacks the member '{path}', which is {what}");
    }
}
