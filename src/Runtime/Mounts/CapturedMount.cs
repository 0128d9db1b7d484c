namespace Sleigh.Runtime;

/// <summary>A mount in force when a snapshot was taken; what lies in it is no part of the snapshot.</summary>
/// <param name="HostPath">The directory of the host.</param>
/// <param name="ContainerPath">Where it was in the sandbox.</param>
/// <param name="Mode">What the sandbox could do in it.</param>
public sealed record CapturedMount(string HostPath, string ContainerPath, MountMode Mode);
