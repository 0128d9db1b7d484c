namespace Sleigh.Runtime;

/// <summary>A part of a file.</summary>
/// <param name="From">Its first byte.</param>
/// <param name="Count">How many bytes; 0: none are sent.</param>
public readonly record struct FilePart(long From, long Count);
