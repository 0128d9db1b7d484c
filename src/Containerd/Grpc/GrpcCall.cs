using Google.Protobuf;

namespace Sleigh.Containerd;

/// <summary>One call that is under way. Disposing it before its end cancels it on the server. Not for use by two readers at once.</summary>
internal sealed class GrpcCall<TRequest, TResponse> : IAsyncDisposable
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private readonly GrpcChannel _channel;
    private readonly GrpcMethod<TRequest, TResponse> _method;
    private readonly GrpcCallOptions _options;
    private readonly CancellationToken _caller;
    private readonly HttpRequestMessage _request;
    private readonly OpenContent? _writer;
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _stop;
    private readonly Task<HttpResponseMessage> _sending;
    private HttpResponseMessage? _response;
    private GrpcFrameReader? _reader;

    public GrpcCall(
        GrpcChannel channel,
        GrpcMethod<TRequest, TResponse> method,
        GrpcCallOptions options,
        HttpRequestMessage request,
        OpenContent? writer,
        HttpMessageInvoker http,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        _channel = channel;
        _method = method;
        _options = options;
        _caller = cancellationToken;
        _request = request;
        _writer = writer;
        _limit = new CancellationTokenSource(options.Timeout ?? Timeout.InfiniteTimeSpan, time);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _limit.Token);
        _sending = http.SendAsync(request, _stop.Token);
    }

    /// <summary>Sends a message in a duplex call.</summary>
    /// <exception cref="ContainerdException">The call has ended; the error is the server's where it gave one.</exception>
    public async Task WriteAsync(TRequest message)
    {
        byte[] frame = GrpcFrame.Write(message);
        try
        {
            Task<Stream> opened = _writer!.Stream;
            if (await Task.WhenAny(opened, _sending) == _sending && !opened.IsCompleted)
            {
                // Ended before it took a byte: the reason is in the answer.
                await ReadEndAsync();
                throw new IOException("the call has ended");
            }

            Stream body = await opened.WaitAsync(_stop.Token);
            await body.WriteAsync(frame, _stop.Token);
            await body.FlushAsync(_stop.Token);
        }
        catch (Exception ex) when (ex is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            if (!_stop.IsCancellationRequested)
            {
                // The server may end a call while we still send; what it said is worth more than the broken pipe.
                await ReadEndAsync();
            }

            throw _channel.Translate(ex, _options, _caller);
        }
    }

    /// <summary>Says that no more messages will be sent.</summary>
    public void CompleteWrites() => _writer?.Complete();

    /// <summary>The next answer, or null when the call has ended well.</summary>
    /// <exception cref="ContainerdException">The call has failed, ran out of time, or lost its connection.</exception>
    /// <exception cref="OperationCanceledException">The caller's token was cancelled.</exception>
    public async Task<TResponse?> ReadAsync()
    {
        try
        {
            if (_reader is null)
            {
                _response = await _sending;
                CheckHead(_response);
                _reader = new GrpcFrameReader(await _response.Content.ReadAsStreamAsync(_stop.Token), _channel.MaxMessage);
            }

            if (await _reader.ReadAsync(_method.Parser, _stop.Token) is { } message)
            {
                return message;
            }

            GrpcStatus status = GrpcStatus.Read(_response!.TrailingHeaders) ?? GrpcStatus.Read(_response.Headers)
                ?? throw new IOException("the call ended without a status");
            return status.IsOk ? null : throw ContainerdException.From(_options.What, status);
        }
        catch (Exception ex) when (ex is HttpRequestException or IOException or InvalidDataException or OperationCanceledException)
        {
            throw _channel.Translate(ex, _options, _caller);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _writer?.Complete();
        if (_response is null)
        {
            await _stop.CancelAsync();
            try
            {
                _response = await _sending;
            }
            catch (Exception ex) when (ex is HttpRequestException or IOException or OperationCanceledException)
            {
                // Whoever read the call has seen this; whoever did not had no use for it.
            }
        }

        _response?.Dispose();
        _request.Dispose();
        _stop.Dispose();
        _limit.Dispose();
    }

    private async Task ReadEndAsync()
    {
        while (await ReadAsync() is not null)
        {
            // Answers to earlier messages.
        }
    }

    private void CheckHead(HttpResponseMessage response)
    {
        if ((int)response.StatusCode != 200)
        {
            throw new ContainerdException(
                ErrorKinds.FromHttp((int)response.StatusCode),
                $"could not {_options.What}: the server answered HTTP {(int)response.StatusCode}");
        }

        // A call that failed at once has its status in the headers.
        if (GrpcStatus.Read(response.Headers) is { IsOk: false } status)
        {
            throw ContainerdException.From(_options.What, status);
        }
    }
}
