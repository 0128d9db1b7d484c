namespace Sleigh.Runtime;

/// <summary>What a caller asks for: paths of the right form.</summary>
/// <param name="WorkspacePath">From the mount root on, as <see cref="PlainPath.Below"/> gives it; empty for the root itself.</param>
/// <param name="ContainerPath">Absolute, as <see cref="PlainPath.Absolute"/> gives it; not the sandbox's root.</param>
/// <param name="Mode">What the sandbox may do in it.</param>
public sealed record MountSpec(string WorkspacePath, string ContainerPath, MountMode Mode);
