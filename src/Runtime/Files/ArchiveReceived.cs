namespace Sleigh.Runtime;

/// <summary>What was written into a sandbox.</summary>
/// <param name="Files">Members other than directories.</param>
/// <param name="Bytes">Of the files' data.</param>
public sealed record ArchiveReceived(long Files, long Bytes);
