using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Sleigh.Cli.Http;

/// <summary>One connection of HTTP/1.1 (RFC 9112): one request at a time, kept open between requests where the server allows it.</summary>
internal sealed class HttpConnection : IDisposable
{
    private const int MaxBodyBytes = 256 * 1024 * 1024;

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly HttpReader _reader;

    public HttpConnection(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = new HttpReader(_stream);
    }

    /// <summary>True when the last reply ended cleanly and the server did not ask to close.</summary>
    public bool IsReusable { get; private set; }

    /// <summary>True when the server has closed an idle connection, or sent what nobody asked for.</summary>
    public bool IsStale => _socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Sends the request and reads the whole reply.</summary>
    /// <exception cref="IOException">The connection broke before the reply was complete.</exception>
    public async Task<HttpReply> SendAsync(HttpCall call, CancellationToken cancellationToken)
    {
        HttpHead head = await RequestAsync(call, cancellationToken);
        var body = new ReplyBody(_reader, call.Method, head);
        using var memory = new MemoryStream();
        Stream target = call.Sink is { } sink && head.Status < 400 ? sink : memory;
        byte[] piece = new byte[32 * 1024];
        for (int read; (read = await body.ReadAsync(piece, cancellationToken)) > 0;)
        {
            if (target == memory && memory.Length + read > MaxBodyBytes)
            {
                throw new HttpProtocolException($"the reply is longer than {MaxBodyBytes} bytes");
            }

            target.Write(piece, 0, read);
        }

        IsReusable = body.EndsWithoutConnection && head.KeepsConnection && _reader.IsDrained;
        return new HttpReply(head.Status, head.Headers, memory.ToArray());
    }

    /// <summary>Sends the request and reads the reply's head; the body, or after 101 whatever comes, is read from the stream.</summary>
    /// <exception cref="IOException">The connection broke before the head was complete.</exception>
    public async Task<(HttpHead Head, Stream Body)> OpenAsync(HttpCall call, CancellationToken cancellationToken)
    {
        HttpHead head = await RequestAsync(call, cancellationToken);
        return (head, head.Status == 101 ? new RawBody(_reader) : new ReplyBody(_reader, call.Method, head));
    }

    /// <summary>Sends bytes as they are, after the protocol was switched.</summary>
    public ValueTask WriteRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _stream.WriteAsync(bytes, cancellationToken);

    public void Dispose() => _stream.Dispose();

    private async Task<HttpHead> RequestAsync(HttpCall call, CancellationToken cancellationToken)
    {
        IsReusable = false;
        try
        {
            await WriteAsync(call, cancellationToken);
        }
        catch (IOException) when (call.WriteBody is not null && _socket.Poll(0, SelectMode.SelectRead))
        {
            // A server that refuses a long body answers and closes before it has read all of it; its answer is what matters.
        }

        HttpHead head;
        do
        {
            head = await _reader.ReadHeadAsync(cancellationToken);
        }
        while (head.Status is >= 100 and < 200 and not 101);
        return head;
    }

    private async Task WriteAsync(HttpCall call, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"{call.Method} {call.Target} HTTP/1.1\r\nHost: localhost\r\n");
        foreach ((string name, string value) in call.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        bool hasLength = call.Body.Length > 0 || call.Method is "POST" or "PUT";
        head.Append(call.WriteBody is not null ? "Transfer-Encoding: chunked\r\n"
            : hasLength ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {call.Body.Length}\r\n") : "");
        head.Append("\r\n");

        byte[] headBytes = Encoding.ASCII.GetBytes(head.ToString());
        await _stream.WriteAsync((byte[])[.. headBytes, .. call.Body.Span], cancellationToken);
        if (call.WriteBody is { } writeBody)
        {
            await using var body = new ChunkedBody(_stream);
            await writeBody(body, cancellationToken);
            await body.EndAsync(cancellationToken);
        }
    }

    // After a switch of protocols: what came behind the head, then the connection.
    private sealed class RawBody(HttpReader reader) : ReadStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            reader.ReadAsync(buffer, cancellationToken);
    }
}
