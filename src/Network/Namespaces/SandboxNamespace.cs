namespace Sleigh.Network;

/// <summary>A network namespace that is connected and whose policy is in force.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">Its file, for the container runtime.</param>
/// <param name="Addresses">Who it is on the bridge.</param>
public sealed record SandboxNamespace(NamespaceName Name, string Path, SandboxAddresses Addresses);
