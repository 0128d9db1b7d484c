using Google.Protobuf.WellKnownTypes;
using Wire = Sleigh.Containerd.Protos.Version;

namespace Sleigh.Containerd;

/// <summary>What containerd says it is.</summary>
/// <param name="Version">E.g. <c>1.6.20~ds1</c> or <c>v2.0.4</c>.</param>
/// <param name="Revision">The commit it was built from.</param>
public sealed record ContainerdVersion(string Version, string Revision);

/// <summary>containerd's version; also the cheapest proof that it answers.</summary>
public sealed class VersionService
{
    private static readonly GrpcMethod<Empty, Wire.VersionResponse> Get =
        new("containerd.services.version.v1.Version", "Version", Wire.VersionResponse.Parser, Safe: true);

    private readonly GrpcCaller _caller;

    internal VersionService(GrpcCaller caller)
    {
        _caller = caller;
    }

    /// <summary>Asks for the version.</summary>
    public async Task<ContainerdVersion> GetAsync(CancellationToken cancellationToken = default)
    {
        Wire.VersionResponse answer = await _caller.CallAsync(Get, new Empty(), "ask containerd for its version", cancellationToken);
        return new ContainerdVersion(answer.Version, answer.Revision);
    }
}
