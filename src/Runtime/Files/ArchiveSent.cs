namespace Sleigh.Runtime;

/// <summary>What was read out of a sandbox.</summary>
/// <param name="Members">Members of the archive.</param>
/// <param name="Bytes">Of the files' data.</param>
/// <param name="LeftOut">Devices, FIFOs, sockets, files that could not be opened, and paths that are too long.</param>
public sealed record ArchiveSent(long Members, long Bytes, long LeftOut);
