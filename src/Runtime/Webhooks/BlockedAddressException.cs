using System.Net;

namespace Sleigh.Runtime;

/// <summary>A receiver's name leads to an address that is never connected to.</summary>
internal sealed class BlockedAddressException(IPAddress address, string reason) : IOException($"{address} {reason}");
