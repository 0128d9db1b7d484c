using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Wire = Sleigh.Containerd.Protos.Leases;

namespace Sleigh.Containerd;

/// <summary>A name under which things are kept from garbage collection.</summary>
public sealed record Lease(string Id, DateTimeOffset CreatedAt, IReadOnlyDictionary<string, string> Labels);

/// <summary>A thing that a lease keeps.</summary>
/// <param name="Type"><c>content</c>, <c>ingests</c> or <c>snapshots/overlayfs</c>.</param>
/// <param name="Id">The digest, the ingest's name, or the snapshot's key.</param>
public sealed record LeaseResource(string Type, string Id);

/// <summary>Leases.</summary>
public sealed class LeasesService
{
    private const string Service = "containerd.services.leases.v1.Leases";

    private static readonly GrpcMethod<Wire.CreateRequest, Wire.CreateResponse> Create = new(Service, "Create", Wire.CreateResponse.Parser);
    private static readonly GrpcMethod<Wire.DeleteRequest, Empty> Delete = new(Service, "Delete", Empty.Parser);
    private static readonly GrpcMethod<Wire.ListRequest, Wire.ListResponse> List = new(Service, "List", Wire.ListResponse.Parser, Safe: true);
    private static readonly GrpcMethod<Wire.AddResourceRequest, Empty> Add = new(Service, "AddResource", Empty.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.ListResourcesRequest, Wire.ListResourcesResponse> Resources =
        new(Service, "ListResources", Wire.ListResourcesResponse.Parser, Safe: true);

    private readonly GrpcCaller _caller;

    internal LeasesService(GrpcCaller caller)
    {
        _caller = caller;
    }

    /// <summary>Makes a lease.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="expires">When containerd may drop it by itself, should nobody else have done so.</param>
    /// <param name="labels">Labels.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<Lease> CreateAsync(
        string id, DateTimeOffset? expires = null, IReadOnlyDictionary<string, string>? labels = null, CancellationToken cancellationToken = default)
    {
        var request = new Wire.CreateRequest { Id = id };
        request.Labels.AddLabels(labels);
        if (expires is { } end)
        {
            request.Labels["containerd.io/gc.expire"] = end.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        }

        return From((await _caller.CallAsync(Create, request, $"make the lease '{id}'", cancellationToken)).Lease);
    }

    /// <summary>Drops a lease.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="collect">Whether to wait until what nothing else keeps is gone.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task DeleteAsync(string id, bool collect = false, CancellationToken cancellationToken = default) =>
        _caller.CallAsync(Delete, new Wire.DeleteRequest { Id = id, Sync = collect }, $"drop the lease '{id}'", cancellationToken);

    /// <summary>All leases.</summary>
    public async Task<IReadOnlyList<Lease>> ListAsync(CancellationToken cancellationToken = default)
    {
        Wire.ListResponse answer = await _caller.CallAsync(List, new Wire.ListRequest(), "list the leases", cancellationToken);
        return [.. answer.Leases.Select(From)];
    }

    /// <summary>Has a lease keep one thing more.</summary>
    public Task AddAsync(string id, LeaseResource resource, CancellationToken cancellationToken = default)
    {
        var request = new Wire.AddResourceRequest { Id = id, Resource = new Wire.Resource { Id = resource.Id, Type = resource.Type } };
        return _caller.CallAsync(Add, request, $"keep {resource.Type} '{resource.Id}' by the lease '{id}'", cancellationToken);
    }

    /// <summary>What a lease keeps.</summary>
    public async Task<IReadOnlyList<LeaseResource>> ListResourcesAsync(string id, CancellationToken cancellationToken = default)
    {
        var request = new Wire.ListResourcesRequest { Id = id };
        Wire.ListResourcesResponse answer = await _caller.CallAsync(Resources, request, $"list what the lease '{id}' keeps", cancellationToken);
        return [.. answer.Resources.Select(r => new LeaseResource(r.Type, r.Id))];
    }

    private static Lease From(Wire.Lease lease) => new(lease.Id, lease.CreatedAt.ToTime(), lease.Labels.ToLabels());
}
