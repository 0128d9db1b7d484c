namespace Sleigh.Containerd;

/// <summary>An image, unpacked and ready to be mounted.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Digest">Digest of its manifest.</param>
/// <param name="ChainId">Identifies the stack of layers: images of the same layers have the same.</param>
/// <param name="Config">What the image says about the processes to start in it.</param>
/// <param name="Lowers">Absolute directories of the host for overlayfs, the uppermost layer first.</param>
public sealed record ImageTree(string Name, string Digest, string ChainId, ImageConfig Config, IReadOnlyList<string> Lowers);
