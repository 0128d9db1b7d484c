using Sleigh.Network;

namespace Sleigh.Runtime;

/// <summary>A sandbox's place in the network at one moment.</summary>
/// <param name="Sandbox">The sandbox with its policy.</param>
/// <param name="Addresses">Its addresses; null: it has loopback alone or the host's network, or does not run.</param>
/// <param name="Refused">Packets that were refused to it since it got these addresses.</param>
/// <param name="Names">What of its questions for names was not answered as it could have been.</param>
public sealed record SandboxNetworkView(Sandbox Sandbox, SandboxAddresses? Addresses, Refusals Refused, NameCounts Names);
