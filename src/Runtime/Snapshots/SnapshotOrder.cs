namespace Sleigh.Runtime;

/// <summary>What a snapshot that is about to be taken will be.</summary>
/// <param name="Name">The caller's name.</param>
/// <param name="Comment">The caller's comment.</param>
/// <param name="IsKept">Whether retention leaves it alone.</param>
/// <param name="IsAutomatic">Whether it is taken by itself.</param>
internal sealed record SnapshotOrder(string? Name, string? Comment, bool IsKept = false, bool IsAutomatic = false);
