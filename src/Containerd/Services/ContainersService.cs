using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Wire = Sleigh.Containerd.Protos.Containers;

namespace Sleigh.Containerd;

/// <summary>A container to be made.</summary>
public sealed record NewContainer
{
    /// <summary>The runtime of ordinary containers.</summary>
    public const string RuncV2 = "io.containerd.runc.v2";

    /// <summary>Its id: letters, digits and <c>_.-</c>, at most 76 characters.</summary>
    public required string Id { get; init; }

    /// <summary>The OCI runtime specification as UTF-8 JSON.</summary>
    public required ReadOnlyMemory<byte> Spec { get; init; }

    /// <summary>The runtime's name.</summary>
    public string Runtime { get; init; } = RuncV2;

    /// <summary>The runtime's options; null for its defaults.</summary>
    public RuncOptions? RuntimeOptions { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = WireValues.EmptyLabels;
}

/// <summary>A container as containerd keeps it.</summary>
public sealed record ContainerRecord(
    string Id, string Runtime, IReadOnlyDictionary<string, string> Labels, ReadOnlyMemory<byte> Spec, DateTimeOffset CreatedAt);

/// <summary>Container records: a specification with a name. What runs is a task.</summary>
public sealed class ContainersService
{
    /// <summary>The type under which containerd knows an OCI specification in JSON.</summary>
    internal const string SpecTypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Spec";

    private const string Service = "containerd.services.containers.v1.Containers";

    private static readonly GrpcMethod<Wire.GetContainerRequest, Wire.GetContainerResponse> Get =
        new(Service, "Get", Wire.GetContainerResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.ListContainersRequest, Wire.ListContainersResponse> List =
        new(Service, "List", Wire.ListContainersResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.CreateContainerRequest, Wire.CreateContainerResponse> Create =
        new(Service, "Create", Wire.CreateContainerResponse.Parser);

    private static readonly GrpcMethod<Wire.UpdateContainerRequest, Wire.UpdateContainerResponse> Update =
        new(Service, "Update", Wire.UpdateContainerResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.DeleteContainerRequest, Empty> Delete = new(Service, "Delete", Empty.Parser);

    private readonly GrpcCaller _caller;

    internal ContainersService(GrpcCaller caller)
    {
        _caller = caller;
    }

    /// <summary>The container of that id, or null.</summary>
    public async Task<ContainerRecord?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        try
        {
            return From((await _caller.CallAsync(Get, new Wire.GetContainerRequest { Id = id }, $"look up the container '{id}'", cancellationToken)).Container);
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>The containers that meet any of the filters, or all.</summary>
    /// <param name="filters">containerd's filter texts, e.g. <c>labels."sleigh.instance"==i1</c>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<IReadOnlyList<ContainerRecord>> ListAsync(
        IEnumerable<string>? filters = null, CancellationToken cancellationToken = default)
    {
        var request = new Wire.ListContainersRequest { Filters = { filters ?? [] } };
        return [.. (await _caller.CallAsync(List, request, "list the containers", cancellationToken)).Containers.Select(From)];
    }

    /// <summary>Makes a container; nothing runs yet.</summary>
    public async Task<ContainerRecord> CreateAsync(NewContainer container, CancellationToken cancellationToken = default)
    {
        var wire = new Wire.Container
        {
            Id = container.Id,
            Runtime = new Wire.Container.Types.Runtime { Name = container.Runtime, Options = container.RuntimeOptions?.ToWire() },
            Spec = new Any { TypeUrl = SpecTypeUrl, Value = ByteString.CopyFrom(container.Spec.Span) },
        };
        wire.Labels.AddLabels(container.Labels);
        var request = new Wire.CreateContainerRequest { Container = wire };
        return From((await _caller.CallAsync(Create, request, $"make the container '{container.Id}'", cancellationToken)).Container);
    }

    /// <summary>Sets labels of a container; an empty value removes a label, labels not named stay.</summary>
    public async Task<ContainerRecord> SetLabelsAsync(
        string id, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken = default)
    {
        var wire = new Wire.Container { Id = id };
        wire.Labels.AddLabels(labels);
        var request = new Wire.UpdateContainerRequest
        {
            Container = wire,
            UpdateMask = new FieldMask { Paths = { labels.Keys.Select(k => "labels." + k) } },
        };
        return From((await _caller.CallAsync(Update, request, $"label the container '{id}'", cancellationToken)).Container);
    }

    /// <summary>Removes the record. containerd does not look for a running task: remove that first.</summary>
    public Task DeleteAsync(string id, CancellationToken cancellationToken = default) =>
        _caller.CallAsync(Delete, new Wire.DeleteContainerRequest { Id = id }, $"remove the container '{id}'", cancellationToken);

    private static ContainerRecord From(Wire.Container container) => new(
        container.Id,
        container.Runtime?.Name ?? "",
        container.Labels.ToLabels(),
        container.Spec?.Value.Memory ?? ReadOnlyMemory<byte>.Empty,
        container.CreatedAt.ToTime());
}
