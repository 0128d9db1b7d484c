using System.Net;

namespace Sleigh.Network;

/// <summary>Who a namespace is on the bridge.</summary>
/// <param name="Port">The bridge's end of its link, in the router.</param>
/// <param name="Mac">The hardware address inside.</param>
/// <param name="Four">Its IPv4 address.</param>
/// <param name="Six">Its IPv6 address; null: it has none.</param>
/// <param name="Gateway">The bridge's IPv4 address.</param>
public sealed record SandboxAddresses(string Port, string Mac, IPAddress Four, IPAddress? Six, IPAddress Gateway);
