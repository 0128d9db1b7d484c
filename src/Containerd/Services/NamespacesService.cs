using Google.Protobuf.WellKnownTypes;
using Wire = Sleigh.Containerd.Protos.Namespaces;

namespace Sleigh.Containerd;

/// <summary>containerd's namespaces: separate sets of images, containers and snapshots in one containerd.</summary>
public sealed class NamespacesService
{
    private const string Service = "containerd.services.namespaces.v1.Namespaces";

    private static readonly GrpcMethod<Wire.ListNamespacesRequest, Wire.ListNamespacesResponse> List =
        new(Service, "List", Wire.ListNamespacesResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.CreateNamespaceRequest, Wire.CreateNamespaceResponse> Create =
        new(Service, "Create", Wire.CreateNamespaceResponse.Parser);

    private static readonly GrpcMethod<Wire.DeleteNamespaceRequest, Empty> Delete = new(Service, "Delete", Empty.Parser);

    private readonly GrpcCaller _caller;

    internal NamespacesService(GrpcCaller caller)
    {
        _caller = caller;
    }

    /// <summary>The names of all namespaces.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken = default)
    {
        Wire.ListNamespacesResponse answer =
            await _caller.CallAsync(List, new Wire.ListNamespacesRequest(), "list the namespaces of containerd", cancellationToken);
        return [.. answer.Namespaces.Select(n => n.Name)];
    }

    /// <summary>Makes a namespace; one that exists is left as it is.</summary>
    public async Task EnsureAsync(string name, CancellationToken cancellationToken = default)
    {
        var request = new Wire.CreateNamespaceRequest { Namespace = new Wire.Namespace { Name = name } };
        try
        {
            await _caller.CallAsync(Create, request, $"make the namespace '{name}'", cancellationToken);
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.AlreadyExists)
        {
            // As asked for.
        }
    }

    /// <summary>Removes an empty namespace.</summary>
    public Task DeleteAsync(string name, CancellationToken cancellationToken = default) =>
        _caller.CallAsync(Delete, new Wire.DeleteNamespaceRequest { Name = name }, $"remove the namespace '{name}'", cancellationToken);
}
