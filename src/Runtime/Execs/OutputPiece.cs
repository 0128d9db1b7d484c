namespace Sleigh.Runtime;

/// <summary>A piece of an exec's stored output.</summary>
/// <param name="Offset">Where the piece begins, in bytes.</param>
/// <param name="Data">The bytes; empty at or beyond the end.</param>
/// <param name="TotalBytes">All that was written.</param>
/// <param name="StoredBytes">What the spool holds.</param>
/// <param name="IsFinal">Whether the exec was final before the piece was read, so that no more will come.</param>
public sealed record OutputPiece(long Offset, ReadOnlyMemory<byte> Data, long TotalBytes, long StoredBytes, bool IsFinal);
