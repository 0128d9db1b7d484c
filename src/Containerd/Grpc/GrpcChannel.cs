using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;

namespace Sleigh.Containerd;

/// <summary>
/// gRPC over HTTP/2 over a unix socket, on the HTTP client of the base library: unary calls, server streams and duplex calls
/// (docs/decisions/0001-grpc-channel.md). Grpc.Net.Client could take the place of this folder.
/// </summary>
/// <remarks>
/// A restart of containerd drops the pooled connection; the next call makes a new one. A safe call that was caught by the drop is
/// sent a second time, any other one fails with <see cref="ContainerdErrorKind.Unavailable"/>, as it may have taken effect.
/// </remarks>
internal sealed class GrpcChannel : IDisposable
{
    /// <summary>containerd's own default limit for a message.</summary>
    public const int DefaultMaxMessage = 16 * 1024 * 1024;

    /// <summary>sun_path of unix(7) has 108 bytes, the last of them a zero.</summary>
    public const int MaxSocketPath = 107;

    private static readonly MediaTypeHeaderValue GrpcContent = new("application/grpc");

    private readonly string _socketPath;
    private readonly TimeProvider _time;
    private readonly SocketsHttpHandler _handler;
    private readonly HttpMessageInvoker _http;

    public GrpcChannel(string socketPath, TimeProvider time, int maxMessage = DefaultMaxMessage)
    {
        CheckPath(socketPath);
        _socketPath = socketPath;
        _time = time;
        MaxMessage = maxMessage;
        _handler = new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            InitialHttp2StreamWindowSize = 1024 * 1024,
        };
        _http = new HttpMessageInvoker(_handler);
    }

    public int MaxMessage { get; }

    /// <exception cref="ContainerdException">The path is longer than the kernel takes.</exception>
    public static void CheckPath(string socketPath)
    {
        int length = Encoding.UTF8.GetByteCount(socketPath);
        if (length is 0 or > MaxSocketPath)
        {
            throw new ContainerdException(
                ContainerdErrorKind.InvalidArgument,
                $"the socket path '{socketPath}' has {length} bytes; the kernel takes 1 to {MaxSocketPath}");
        }
    }

    /// <summary>Sends one message and waits for the one answer.</summary>
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, GrpcCallOptions options, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        byte[] frame = GrpcFrame.Write(request);
        try
        {
            return await UnaryOnceAsync(method, frame, options, cancellationToken);
        }
        catch (ContainerdException ex) when (method.Safe && ex.Kind == ContainerdErrorKind.Unavailable && ex.InnerException is not null)
        {
            return await UnaryOnceAsync(method, frame, options, cancellationToken);
        }
    }

    /// <summary>Sends one message; the answers are read from the result.</summary>
    public GrpcCall<TRequest, TResponse> ServerStream<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, GrpcCallOptions options, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var content = new ByteArrayContent(GrpcFrame.Write(request));
        return Start(method, content, writer: null, options, cancellationToken);
    }

    /// <summary>Opens a call in which both sides send any number of messages.</summary>
    public GrpcCall<TRequest, TResponse> Duplex<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, GrpcCallOptions options, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var content = new OpenContent();
        return Start(method, content, content, options, cancellationToken);
    }

    public void Dispose()
    {
        _http.Dispose();
        _handler.Dispose();
    }

    /// <summary>What was thrown, as the error that callers see.</summary>
    public Exception Translate(Exception error, GrpcCallOptions options, CancellationToken caller)
    {
        if (error is OperationCanceledException)
        {
            return caller.IsCancellationRequested
                ? new OperationCanceledException(error.Message, error, caller)
                : new ContainerdException(
                    ContainerdErrorKind.DeadlineExceeded,
                    $"could not {options.What}: no answer from containerd within {options.Timeout?.TotalSeconds ?? 0:0.###} s",
                    error);
        }

        for (Exception? e = error; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case SocketException socket when error is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }:
                    (ContainerdErrorKind kind, string reason) = ErrorKinds.FromSocket(socket, _socketPath);
                    return new ContainerdException(kind, $"could not {options.What}: {reason}", error);
                case InvalidDataException:
                    return new ContainerdException(ContainerdErrorKind.Internal, $"could not {options.What}: containerd sent {e.Message}", error);
            }
        }

        return new ContainerdException(
            ContainerdErrorKind.Unavailable, $"could not {options.What}: the connection to containerd was lost", error);
    }

    private async Task<TResponse> UnaryOnceAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, byte[] frame, GrpcCallOptions options, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        await using GrpcCall<TRequest, TResponse> call = Start(method, new ByteArrayContent(frame), writer: null, options, cancellationToken);
        TResponse? answer = await call.ReadAsync();

        // The status comes after the message, in the trailers: the call has not succeeded before they are read.
        if (answer is not null && await call.ReadAsync() is null)
        {
            return answer;
        }

        throw new ContainerdException(
            ContainerdErrorKind.Internal, $"could not {options.What}: containerd sent {(answer is null ? "no" : "more than one")} answer");
    }

    private GrpcCall<TRequest, TResponse> Start<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method,
        HttpContent content,
        OpenContent? writer,
        GrpcCallOptions options,
        CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        content.Headers.ContentType = GrpcContent;
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri("http://localhost" + method.Path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.TryAddWithoutValidation("containerd-namespace", options.Namespace);
        if (options.Lease is not null)
        {
            request.Headers.TryAddWithoutValidation("containerd-lease", options.Lease);
        }

        if (options.Timeout is { } timeout)
        {
            request.Headers.TryAddWithoutValidation("grpc-timeout", GrpcCallOptions.FormatTimeout(timeout));
        }

        return new GrpcCall<TRequest, TResponse>(this, method, options, request, writer, _http, _time, cancellationToken);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socketPath), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception ex) when (ex is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            throw;
        }
    }
}
