namespace Sleigh.Containerd;

/// <summary>An image in a list.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Digest">Digest of its manifest.</param>
/// <param name="Bytes">Size of its blobs as stored (manifest, configuration, layers).</param>
/// <param name="CreatedAt">When the name was first made here.</param>
public sealed record ImageSummary(string Name, string Digest, long Bytes, DateTimeOffset CreatedAt);
