namespace Sleigh.Network.Cni;

/// <summary>One namespace's part in a network: what an ADD makes and the DEL takes away.</summary>
/// <param name="ContainerId">Names it among all of the network.</param>
/// <param name="NamespacePath">The file of the namespace; null where it is gone: a DEL then gives back what lies outside it.</param>
/// <param name="InterfaceName">The interface inside.</param>
public sealed record CniAttachment(string ContainerId, string? NamespacePath, string InterfaceName);
