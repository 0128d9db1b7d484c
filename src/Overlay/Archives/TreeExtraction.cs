namespace Sleigh.Overlay;

/// <summary>What was extracted.</summary>
/// <param name="Files">Members other than directories.</param>
/// <param name="Bytes">Of the files' data.</param>
public sealed record TreeExtraction(long Files, long Bytes);
