using WireTypes = Sleigh.Containerd.Protos.Types;

namespace Sleigh.Containerd;

/// <summary>Points at a blob.</summary>
/// <param name="MediaType">What the blob is.</param>
/// <param name="Digest">Its SHA-256, as <c>sha256:</c> and 64 hex digits.</param>
/// <param name="Size">Its bytes.</param>
public sealed record Descriptor(string MediaType, string Digest, long Size)
{
    internal static Descriptor From(WireTypes.BlobDescriptor wire) => new(wire.MediaType, wire.Digest, wire.Size);

    internal WireTypes.BlobDescriptor ToWire() => new() { MediaType = MediaType, Digest = Digest, Size = Size };
}
