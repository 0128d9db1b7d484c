using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>What is at a path of a tree.</summary>
/// <param name="Status">The kernel's figures.</param>
/// <param name="LinkTarget">Where a symbolic link points; null for others.</param>
public sealed record TreeFileStatus(FileStatus Status, KernelPath? LinkTarget);
