using Google.Protobuf.WellKnownTypes;
using Wire = Sleigh.Containerd.Protos.Content;

namespace Sleigh.Containerd;

/// <summary>A blob of the content store.</summary>
public sealed record ContentInfo(string Digest, long Size, IReadOnlyDictionary<string, string> Labels, DateTimeOffset CreatedAt);

/// <summary>A blob that is being written.</summary>
/// <param name="Ref">The writer's name for it.</param>
/// <param name="Offset">Bytes that containerd has.</param>
/// <param name="Total">Bytes it will have; 0 where not known.</param>
/// <param name="Expected">The digest it must have; "" where not known.</param>
public sealed record IngestStatus(string Ref, long Offset, long Total, string Expected);

/// <summary>containerd's content store: blobs named by their SHA-256.</summary>
public sealed class ContentService
{
    private const string Service = "containerd.services.content.v1.Content";

    private static readonly GrpcMethod<Wire.InfoRequest, Wire.InfoResponse> Info = new(Service, "Info", Wire.InfoResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.UpdateRequest, Wire.UpdateResponse> Update =
        new(Service, "Update", Wire.UpdateResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.ListContentRequest, Wire.ListContentResponse> List =
        new(Service, "List", Wire.ListContentResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.DeleteContentRequest, Empty> Delete = new(Service, "Delete", Empty.Parser);

    private static readonly GrpcMethod<Wire.ReadContentRequest, Wire.ReadContentResponse> Read =
        new(Service, "Read", Wire.ReadContentResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.StatusRequest, Wire.StatusResponse> Status =
        new(Service, "Status", Wire.StatusResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.ListStatusesRequest, Wire.ListStatusesResponse> Statuses =
        new(Service, "ListStatuses", Wire.ListStatusesResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.WriteContentRequest, Wire.WriteContentResponse> Write =
        new(Service, "Write", Wire.WriteContentResponse.Parser);

    private static readonly GrpcMethod<Wire.AbortRequest, Empty> Abort = new(Service, "Abort", Empty.Parser);

    private readonly GrpcCaller _caller;

    internal ContentService(GrpcCaller caller)
    {
        _caller = caller;
    }

    /// <summary>What is known of a blob, or null where the namespace has none of that digest.</summary>
    public async Task<ContentInfo?> FindAsync(string digest, CancellationToken cancellationToken = default)
    {
        try
        {
            return From((await _caller.CallAsync(Info, new Wire.InfoRequest { Digest = digest }, $"look up the blob {digest}", cancellationToken)).Info);
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>All blobs of the namespace.</summary>
    public async Task<IReadOnlyList<ContentInfo>> ListAsync(CancellationToken cancellationToken = default)
    {
        List<ContentInfo> found = [];
        await foreach (Wire.ListContentResponse part in _caller.StreamAsync(List, new Wire.ListContentRequest(), "list the blobs", cancellationToken))
        {
            found.AddRange(part.Info.Select(From));
        }

        return found;
    }

    /// <summary>Sets labels of a blob; labels not named stay.</summary>
    public async Task<ContentInfo> SetLabelsAsync(
        string digest, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken = default)
    {
        var info = new Wire.Info { Digest = digest };
        info.Labels.AddLabels(labels);
        var request = new Wire.UpdateRequest { Info = info, UpdateMask = new FieldMask { Paths = { labels.Keys.Select(k => "labels." + k) } } };
        return From((await _caller.CallAsync(Update, request, $"label the blob {digest}", cancellationToken)).Info);
    }

    /// <summary>Removes a blob from the namespace.</summary>
    public Task DeleteAsync(string digest, CancellationToken cancellationToken = default) =>
        _caller.CallAsync(Delete, new Wire.DeleteContentRequest { Digest = digest }, $"remove the blob {digest}", cancellationToken);

    /// <summary>The bytes of a blob, part by part.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="offset">Where to start.</param>
    /// <param name="size">How many bytes; 0 for all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        string digest,
        long offset = 0,
        long size = 0,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = new Wire.ReadContentRequest { Digest = digest, Offset = offset, Size = size };
        await foreach (Wire.ReadContentResponse part in _caller.StreamAsync(Read, request, $"read the blob {digest}", cancellationToken))
        {
            yield return part.Data.Memory;
        }
    }

    /// <summary>The whole of a small blob.</summary>
    /// <exception cref="ContainerdException">Also where it has more than <paramref name="limit"/> bytes (ResourceExhausted).</exception>
    public async Task<byte[]> ReadSmallAsync(string digest, int limit, CancellationToken cancellationToken = default)
    {
        using var bytes = new MemoryStream();
        await foreach (ReadOnlyMemory<byte> part in ReadAsync(digest, 0, 0, cancellationToken))
        {
            if (bytes.Length + part.Length > limit)
            {
                throw new ContainerdException(
                    ContainerdErrorKind.ResourceExhausted, $"could not read the blob {digest}: it is larger than {limit} bytes");
            }

            bytes.Write(part.Span);
        }

        return bytes.ToArray();
    }

    /// <summary>Begins or resumes writing a blob.</summary>
    /// <param name="ingest">A name for it, free of other writers; the same name resumes.</param>
    /// <param name="total">Its size, or 0 where not known.</param>
    /// <param name="expected">Its digest, or "" where not known.</param>
    /// <param name="cancellationToken">Ends the writing; what was written stays under that name until aborted.</param>
    /// <exception cref="ContainerdException">AlreadyExists where the namespace has the expected blob.</exception>
    public Task<ContentWriter> OpenWriterAsync(
        string ingest, long total = 0, string expected = "", CancellationToken cancellationToken = default) =>
        ContentWriter.OpenAsync(_caller.Duplex(Write, $"write the blob '{ingest}'", cancellationToken), ingest, total, expected);

    /// <summary>How far a blob is written, or null where none of that name is.</summary>
    public async Task<IngestStatus?> FindIngestAsync(string ingest, CancellationToken cancellationToken = default)
    {
        try
        {
            return From((await _caller.CallAsync(Status, new Wire.StatusRequest { Ref = ingest }, $"look up the ingest '{ingest}'", cancellationToken)).Status);
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>All blobs that are being written.</summary>
    public async Task<IReadOnlyList<IngestStatus>> ListIngestsAsync(CancellationToken cancellationToken = default) =>
        [.. (await _caller.CallAsync(Statuses, new Wire.ListStatusesRequest(), "list the ingests", cancellationToken)).Statuses.Select(From)];

    /// <summary>Throws away what was written under a name.</summary>
    public Task AbortAsync(string ingest, CancellationToken cancellationToken = default) =>
        _caller.CallAsync(Abort, new Wire.AbortRequest { Ref = ingest }, $"abort the ingest '{ingest}'", cancellationToken);

    private static ContentInfo From(Wire.Info info) => new(info.Digest, info.Size, info.Labels.ToLabels(), info.CreatedAt.ToTime());

    private static IngestStatus From(Wire.Status status) => new(status.Ref, status.Offset, status.Total, status.Expected);
}
