using Wire = Sleigh.Containerd.Protos.Diff;

namespace Sleigh.Containerd;

/// <summary>Unpacking of layers by containerd.</summary>
public sealed class DiffService
{
    private static readonly GrpcMethod<Wire.ApplyRequest, Wire.ApplyResponse> Apply =
        new("containerd.services.diff.v1.Diff", "Apply", Wire.ApplyResponse.Parser);

    private readonly GrpcCaller _caller;

    internal DiffService(GrpcCaller caller)
    {
        _caller = caller;
    }

    /// <summary>Unpacks a layer of the content store onto mounts that containerd makes for itself.</summary>
    /// <returns>The uncompressed tar: its digest is the layer's diff id.</returns>
    public async Task<Descriptor> ApplyAsync(
        Descriptor layer, IReadOnlyList<ContainerdMount> mounts, CancellationToken cancellationToken = default)
    {
        var request = new Wire.ApplyRequest { Diff = layer.ToWire(), Mounts = { mounts.Select(m => m.ToWire()) } };
        Wire.ApplyResponse answer = await _caller.CallAsync(
            Apply, request, $"unpack the layer {layer.Digest}", cancellationToken, Timeout.InfiniteTimeSpan);
        return Descriptor.From(answer.Applied);
    }
}
