namespace Sleigh.Overlay;

/// <summary>What an archive holds.</summary>
/// <param name="Members">Its members.</param>
/// <param name="Bytes">Of the files' data.</param>
/// <param name="LeftOut">Devices, FIFOs, sockets, files that could not be opened, and paths of more than 4095 bytes.</param>
public sealed record TreeArchiveSummary(long Members, long Bytes, long LeftOut);
