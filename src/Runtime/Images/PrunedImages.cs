namespace Sleigh.Runtime;

/// <summary>What a clean-up of images removed, or would remove.</summary>
/// <param name="Images">The images.</param>
/// <param name="FreedBytes">Size of their files as stored that no other image has; unpacked layers come on top of it.</param>
public sealed record PrunedImages(IReadOnlyList<ImageSummary> Images, long FreedBytes);
