namespace Sleigh.Containerd;

/// <summary>A layer to unpack.</summary>
/// <param name="Blob">The blob, with a media type that states its true compression.</param>
/// <param name="DiffId">Digest of the uncompressed tar.</param>
internal sealed record PlannedLayer(Descriptor Blob, string DiffId);

/// <summary>An image that an archive holds, checked, and what is still to be done to have it.</summary>
/// <param name="Names">The archive's names for it, full or short, none where it gives none.</param>
/// <param name="Target">Its manifest; the digest is the one of <paramref name="NewManifest"/> where there is one.</param>
/// <param name="NewManifest">A manifest to be stored: docker archives have none.</param>
/// <param name="ConfigDigest">Its configuration.</param>
/// <param name="Layers">Its layers, the lowest first.</param>
internal sealed record PlannedImage(
    IReadOnlyList<string> Names, Descriptor Target, byte[]? NewManifest, string ConfigDigest, IReadOnlyList<PlannedLayer> Layers);
