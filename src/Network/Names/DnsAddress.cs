using System.Net;

namespace Sleigh.Network;

/// <summary>An address that a name has.</summary>
/// <param name="Address">The address.</param>
/// <param name="Life">How long it may be remembered.</param>
internal readonly record struct DnsAddress(IPAddress Address, TimeSpan Life);
