using Sleigh.Network;

namespace Sleigh.Runtime.Networking;

/// <summary>Refused packets of a sandbox as last read.</summary>
/// <param name="Network">The namespace whose counters they are.</param>
/// <param name="Counts">The counters.</param>
internal sealed record RefusedSample(NamespaceName Network, Refusals Counts);
