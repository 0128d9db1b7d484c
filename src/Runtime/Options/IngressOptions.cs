namespace Sleigh.Runtime.Options;

/// <summary>Section <c>ingress</c>: the way to servers inside sandboxes.</summary>
public sealed record IngressOptions
{
    /// <summary>Key <c>ingress.domain</c>: requests for <c>{port}-{id}.</c> and this name go to that port; null: by path alone.</summary>
    public string? Domain { get; init; }

    /// <summary>Key <c>ingress.tcp_ports</c>: the host's loopback ports that sandboxes may be given; null: none.</summary>
    public PortRange? TcpPorts { get; init; } = new(30_000, 30_099);
}
