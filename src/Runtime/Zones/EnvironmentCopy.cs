namespace Sleigh.Runtime;

/// <summary>What was copied into a sandbox.</summary>
/// <param name="EnvironmentPath">From the root of the zone on, with a slash before it.</param>
/// <param name="SandboxPath">Where to.</param>
/// <param name="Files">Files and symbolic links.</param>
/// <param name="Bytes">Of the files' data.</param>
/// <param name="Duration">How long it took, without the wait for the turn.</param>
public sealed record EnvironmentCopy(string EnvironmentPath, string SandboxPath, long Files, long Bytes, TimeSpan Duration);
