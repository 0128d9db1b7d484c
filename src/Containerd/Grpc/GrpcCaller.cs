using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Sleigh.Containerd;

/// <summary>A channel together with the namespace, lease and time limit that its calls carry.</summary>
internal sealed record GrpcCaller(GrpcChannel Channel, string Namespace, string? Lease, TimeSpan Timeout)
{
    public Task<TResponse> CallAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, string what, CancellationToken cancellationToken, TimeSpan? timeout = null)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Channel.UnaryAsync(method, request, Options(what, timeout ?? Timeout), cancellationToken);

    public async IAsyncEnumerable<TResponse> StreamAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method,
        TRequest request,
        string what,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        await using GrpcCall<TRequest, TResponse> call = Channel.ServerStream(method, request, Options(what, null), cancellationToken);
        while (await call.ReadAsync() is { } message)
        {
            yield return message;
        }
    }

    public GrpcCall<TRequest, TResponse> Duplex<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, string what, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Channel.Duplex(method, Options(what, null), cancellationToken);

    private GrpcCallOptions Options(string what, TimeSpan? timeout) =>
        new(what, Namespace, Lease, timeout == System.Threading.Timeout.InfiniteTimeSpan ? null : timeout);
}
