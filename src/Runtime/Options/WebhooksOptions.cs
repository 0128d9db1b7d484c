using System.Net;

namespace Sleigh.Runtime.Options;

/// <summary>Section <c>webhooks</c>.</summary>
public sealed record WebhooksOptions
{
    /// <summary>Key <c>webhooks.hmac_secret</c>; null: made at first start and kept.</summary>
    public string? HmacSecret { get; init; }

    /// <summary>Key <c>webhooks.blocked_networks</c>: addresses never connected to. Default: this network, link-local and multicast.</summary>
    public IReadOnlyList<IPNetwork> BlockedNetworks { get; init; } =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("224.0.0.0/4"),
        IPNetwork.Parse("::/128"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("ff00::/8"),
    ];

    /// <summary>Names the fields, without the secret.</summary>
    public override string ToString() =>
        $"WebhooksOptions {{ HmacSecret = {(HmacSecret is null ? "none" : "set")}, BlockedNetworks = {string.Join(", ", BlockedNetworks)} }}";
}
