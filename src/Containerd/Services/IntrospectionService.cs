using Google.Protobuf.WellKnownTypes;
using Wire = Sleigh.Containerd.Protos.Introspection;

namespace Sleigh.Containerd;

/// <summary>A part of containerd.</summary>
/// <param name="Type">E.g. <c>io.containerd.snapshotter.v1</c>.</param>
/// <param name="Id">E.g. <c>overlayfs</c>.</param>
/// <param name="Error">Why it could not be loaded; null where it was.</param>
public sealed record ContainerdPlugin(string Type, string Id, string? Error);

/// <summary>What containerd is made of.</summary>
public sealed class IntrospectionService
{
    private const string Service = "containerd.services.introspection.v1.Introspection";

    private static readonly GrpcMethod<Wire.PluginsRequest, Wire.PluginsResponse> Plugins =
        new(Service, "Plugins", Wire.PluginsResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Empty, Wire.ServerResponse> Server =
        new(Service, "Server", Wire.ServerResponse.Parser, Safe: true);

    private readonly GrpcCaller _caller;

    internal IntrospectionService(GrpcCaller caller)
    {
        _caller = caller;
    }

    /// <summary>All plugins, those that could not be loaded too.</summary>
    /// <param name="filters">containerd's filter texts, e.g. <c>type==io.containerd.snapshotter.v1</c>; a plugin that meets any of them is listed.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<IReadOnlyList<ContainerdPlugin>> ListPluginsAsync(
        IEnumerable<string>? filters = null, CancellationToken cancellationToken = default)
    {
        var request = new Wire.PluginsRequest { Filters = { filters ?? [] } };
        Wire.PluginsResponse answer = await _caller.CallAsync(Plugins, request, "list the plugins of containerd", cancellationToken);
        return [.. answer.Plugins.Select(p => new ContainerdPlugin(p.Type, p.Id, p.InitErr is { Code: not 0 } e ? e.Message : null))];
    }

    /// <summary>The id that containerd gave itself at its first start with its root directory.</summary>
    public async Task<string> GetServerIdAsync(CancellationToken cancellationToken = default) =>
        (await _caller.CallAsync(Server, new Empty(), "ask containerd for its id", cancellationToken)).Uuid;
}
