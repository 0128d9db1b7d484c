namespace Sleigh.Overlay;

/// <summary>What was copied.</summary>
/// <param name="Files">Files and symbolic links.</param>
/// <param name="Bytes">Of the files' data.</param>
/// <param name="LeftOut">Devices, FIFOs and sockets.</param>
public sealed record TreeCopy(long Files, long Bytes, long LeftOut);
