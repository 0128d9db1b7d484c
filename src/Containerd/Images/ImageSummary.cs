namespace Sleigh.Containerd;

/// <summary>An image in a list.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Digest">Digest of its manifest.</param>
/// <param name="Bytes">Size of its blobs as stored (manifest, configuration, layers).</param>
/// <param name="CreatedAt">When the name was first made here.</param>
public sealed record ImageSummary(string Name, string Digest, long Bytes, DateTimeOffset CreatedAt)
{
    /// <summary>The stack of its layers; null when it cannot be read, e.g. for another platform.</summary>
    public string? ChainId { get; init; }

    /// <summary>Its blobs as stored, with their sizes, by digest.</summary>
    public IReadOnlyDictionary<string, long> Blobs { get; init; } = new Dictionary<string, long>();
}
