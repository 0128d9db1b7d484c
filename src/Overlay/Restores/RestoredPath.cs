using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>One path that is as it was.</summary>
/// <param name="Path">As it was asked for.</param>
/// <param name="Type">What it is; null: the tree did not have it, and it was removed.</param>
/// <param name="Files">Files, links and FIFOs that were put back.</param>
/// <param name="Bytes">Of the files' data.</param>
/// <param name="LeftOut">Devices and sockets, which are not put back.</param>
public sealed record RestoredPath(string Path, FileType? Type, long Files, long Bytes, long LeftOut);
