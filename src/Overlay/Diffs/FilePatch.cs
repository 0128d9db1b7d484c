namespace Sleigh.Overlay;

/// <summary>The change of one file's content.</summary>
/// <param name="Text">A unified diff with git's header; null where there is none.</param>
/// <param name="Skipped">Why there is none: <c>binary</c>, <c>too_large</c> or <c>too_different</c>; null where there is one.</param>
public sealed record FilePatch(string? Text, string? Skipped);
