namespace Sleigh.Runtime;

/// <summary>A file that a call has written or removed.</summary>
/// <param name="Path">As the call named it.</param>
/// <param name="Bytes">Its size; null when it was removed.</param>
public sealed record FileFacts(string Path, long? Bytes);
