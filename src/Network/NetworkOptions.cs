using System.Net;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Network;

/// <summary>How the sandboxes' network is made.</summary>
public sealed record NetworkOptions
{
    /// <summary>Where the namespaces and all that is known of them lie: a directory that a reboot empties, as it ends the namespaces.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>16 lower-case hex digits that tell this installation from others on the host.</summary>
    public required string Instance { get; init; }

    /// <summary>Where the CNI plugins are.</summary>
    public string PluginDirectory { get; init; } = "/usr/lib/cni";

    /// <summary>The sandboxes' IPv4 addresses. The host never sees them, so it does not matter who else uses them.</summary>
    public IPNetwork Subnet { get; init; } = IPNetwork.Parse("10.87.0.0/16");

    /// <summary>The sandboxes' IPv6 addresses, a /64, used where the host forwards IPv6.</summary>
    public IPNetwork Subnet6 { get; init; } = IPNetwork.Parse("fd6c:7364:6731::/64");

    /// <summary>Protected destinations that sandboxes may reach all the same.</summary>
    public IReadOnlyList<EgressRule> Reachable { get; init; } = [];

    /// <summary>
    /// Whether packets of sandboxes may be forwarded by the host where it forwards none by itself: the setting of the uplink and of the
    /// interfaces with a default route is switched on then, for IPv4.
    /// </summary>
    public bool ForwardByInterface { get; init; } = true;

    /// <summary>The most connections that a sandbox may have at a time; null: any number.</summary>
    public int? ConnectionsPerSandbox { get; init; } = 4096;

    /// <summary>How many namespaces lie ready.</summary>
    public int PoolSize { get; init; } = 4;

    /// <summary>The policy of those that lie ready: whoever takes one and wants just that has to wait for nothing.</summary>
    public Func<EgressPolicy> FirstPolicy { get; init; } = () => EgressPolicy.Open;

    /// <summary>Waits while callers wait for something, no longer than it is told: called before a namespace is made ahead, while others still lie ready.</summary>
    public Func<TimeSpan, CancellationToken, Task> StandBack { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>Makes the user namespace that a sandbox's namespace belongs to, one for each, which lives as long as it; null: they belong to the host's own.</summary>
    public Func<CancellationToken, Task<SafeFileHandle>>? UserNamespace { get; init; }

    /// <summary>The file of the namespace that is taken for the host's; null: the daemon's own.</summary>
    public string? HostNamespace { get; init; }
}
