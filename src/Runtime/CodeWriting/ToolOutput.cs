namespace Sleigh.Runtime.CodeWriting;

/// <summary>The beginning of a stream, and how long all of it is.</summary>
/// <param name="Data">Its beginning.</param>
/// <param name="Total">Bytes written in all.</param>
internal sealed record ToolOutput(ReadOnlyMemory<byte> Data, long Total)
{
    public static ToolOutput None { get; } = new(default, 0);
}
