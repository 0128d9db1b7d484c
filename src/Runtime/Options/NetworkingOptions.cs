using System.Net;
using Sleigh.Network;

namespace Sleigh.Runtime.Options;

/// <summary>Section <c>network</c>: the network of sandboxes that have one.</summary>
public sealed record NetworkingOptions
{
    /// <summary>Key <c>network.mode</c>: what a sandbox reaches whose create call does not say.</summary>
    public EgressMode Mode { get; init; } = EgressMode.Open;

    /// <summary>Key <c>network.allow</c>: what <see cref="EgressMode.Restricted"/> of the default lets through.</summary>
    public IReadOnlyList<EgressRule> Allow { get; init; } = [];

    /// <summary>The names of the same key.</summary>
    public IReadOnlyList<NameRule> AllowNames { get; init; } = [];

    /// <summary>Key <c>network.deny</c>: refused to all sandboxes, whatever their own policy is.</summary>
    public IReadOnlyList<EgressRule> Deny { get; init; } = [];

    /// <summary>The names of the same key, without ports: not answered.</summary>
    public IReadOnlyList<NameRule> DenyNames { get; init; } = [];

    /// <summary>Key <c>network.reachable</c>: protected destinations that sandboxes may reach all the same.</summary>
    public IReadOnlyList<EgressRule> Reachable { get; init; } = [];

    /// <summary>Key <c>network.allow_host</c>: whether sandboxes may be made in the host's own network namespace.</summary>
    public bool AllowHost { get; init; }

    /// <summary>Key <c>network.nameservers</c>: where names are looked up; empty: as the host does.</summary>
    public IReadOnlyList<IPAddress> Nameservers { get; init; } = [];

    /// <summary>Key <c>network.subnet</c>: the sandboxes' own addresses, which nobody outside sees.</summary>
    public IPNetwork Subnet { get; init; } = IPNetwork.Parse("10.87.0.0/16");

    /// <summary>Key <c>network.forwarding</c>: whether forwarding is switched on for single interfaces of a host that does not forward by itself.</summary>
    public bool Forwarding { get; init; } = true;

    /// <summary>Key <c>network.connections_per_sandbox</c>: the most connections of a sandbox at a time; null (written 0): any number.</summary>
    public int? ConnectionsPerSandbox { get; init; } = 4096;

    /// <summary>Key <c>network.pool_size</c>: namespaces that lie ready.</summary>
    public int PoolSize { get; init; } = 4;

    /// <summary>Key <c>network.plugins</c>: where the CNI plugins are.</summary>
    public string Plugins { get; init; } = "/usr/lib/cni";

    /// <summary>Key <c>network.uplink_namespace</c>: the file of the network namespace through which packets leave; null: the daemon's own.</summary>
    public string? UplinkNamespace { get; init; }
}
