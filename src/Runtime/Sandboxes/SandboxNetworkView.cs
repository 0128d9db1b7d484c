using Sleigh.Network;

namespace Sleigh.Runtime;

/// <summary>A sandbox's place in the network at one moment.</summary>
/// <param name="Sandbox">The sandbox with its policy.</param>
/// <param name="Addresses">Its addresses; null: it has loopback alone, or does not run.</param>
/// <param name="Refused">Packets that were refused to it since it got these addresses.</param>
public sealed record SandboxNetworkView(Sandbox Sandbox, SandboxAddresses? Addresses, Refusals Refused);
