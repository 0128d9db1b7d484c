using Google.Protobuf;

namespace Sleigh.Containerd;

/// <summary>A call that containerd knows.</summary>
/// <param name="Service">Full name of the service, e.g. <c>containerd.services.tasks.v1.Tasks</c>.</param>
/// <param name="Name">Name of the method.</param>
/// <param name="Parser">Reads the answer.</param>
/// <param name="Safe">True where doing it twice is the same as doing it once, so that it may be sent again.</param>
internal sealed record GrpcMethod<TRequest, TResponse>(string Service, string Name, MessageParser<TResponse> Parser, bool Safe = false)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    public string Path { get; } = $"/{Service}/{Name}";
}
