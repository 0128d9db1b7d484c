namespace Sleigh.Containerd;

/// <summary>A blob of an archive, as it was found while it was read.</summary>
/// <param name="Digest">What its bytes are.</param>
/// <param name="Size">How many they are.</param>
/// <param name="Compression">How they are compressed.</param>
/// <param name="DiffId">Digest of the uncompressed tar; null where it is no tar.</param>
/// <param name="Problem">Why it cannot be a layer, or null.</param>
internal sealed record BlobFacts(string Digest, long Size, Compression Compression, string? DiffId, string? Problem);
