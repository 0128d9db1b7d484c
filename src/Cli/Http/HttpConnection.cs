using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Sleigh.Cli.Http;

/// <summary>One connection of HTTP/1.1 (RFC 9112): one request at a time, kept open between requests where the server allows it.</summary>
internal sealed class HttpConnection : IDisposable
{
    private const int MaxHeadBytes = 64 * 1024;
    private const int MaxBodyBytes = 256 * 1024 * 1024;

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly byte[] _buffer = new byte[32 * 1024];
    private int _start;
    private int _end;

    public HttpConnection(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>True when the last reply ended cleanly and the server did not ask to close.</summary>
    public bool IsReusable { get; private set; }

    /// <summary>True when the server has closed an idle connection, or sent what nobody asked for.</summary>
    public bool IsStale => _socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Sends the request and reads the reply.</summary>
    /// <exception cref="IOException">The connection broke before the reply was complete.</exception>
    public async Task<HttpReply> SendAsync(HttpCall call, CancellationToken cancellationToken)
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

        return await ReadReplyAsync(call, cancellationToken);
    }

    public void Dispose() => _stream.Dispose();

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

    private async Task<HttpReply> ReadReplyAsync(HttpCall call, CancellationToken cancellationToken)
    {
        int status;
        Dictionary<string, string> headers;
        bool oldServer;
        do
        {
            (status, oldServer) = ParseStatusLine(await ReadLineAsync(cancellationToken));
            headers = await ReadHeadersAsync(cancellationToken);
        }
        while (status is >= 100 and < 200);

        using var memory = new MemoryStream();
        Stream body = call.Sink is { } sink && status < 400 ? sink : memory;
        bool framed = true;
        if (call.Method == "HEAD" || status is 204 or 304)
        {
            // No body follows, whatever the headers say.
        }
        else if (headers.TryGetValue("Transfer-Encoding", out string? coding))
        {
            await ReadChunksAsync(coding, body, cancellationToken);
        }
        else if (headers.TryGetValue("Content-Length", out string? length))
        {
            await CopyAsync(ParseLength(length, NumberStyles.None), body, cancellationToken);
        }
        else
        {
            await CopyToEndAsync(body, cancellationToken);
            framed = false;
        }

        bool closes = headers.TryGetValue("Connection", out string? connection)
            && connection.Contains("close", StringComparison.OrdinalIgnoreCase);
        IsReusable = framed && !closes && !oldServer && _start == _end;
        return new HttpReply(status, headers, memory.ToArray());
    }

    private static (int Status, bool OldServer) ParseStatusLine(string line)
    {
        // "HTTP/1.1 200 OK"; the reason may be missing.
        if (line.Length >= 12 && line.StartsWith("HTTP/1.", StringComparison.Ordinal) && line[8] == ' '
            && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status))
        {
            return (status, line[7] == '0');
        }

        throw new HttpProtocolException($"'{Shorten(line)}' is not an HTTP status line");
    }

    private async Task<Dictionary<string, string>> ReadHeadersAsync(CancellationToken cancellationToken)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        int bytes = 0;
        while (await ReadLineAsync(cancellationToken) is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            bytes += line.Length;
            if (colon <= 0 || bytes > MaxHeadBytes)
            {
                throw new HttpProtocolException(colon <= 0
                    ? $"'{Shorten(line)}' is not a header" : $"the headers are longer than {MaxHeadBytes} bytes");
            }

            headers[line[..colon].Trim()] = line[(colon + 1)..].Trim();
        }

        return headers;
    }

    private async Task ReadChunksAsync(string coding, Stream body, CancellationToken cancellationToken)
    {
        if (!coding.Equals("chunked", StringComparison.OrdinalIgnoreCase))
        {
            throw new HttpProtocolException($"Transfer-Encoding '{Shorten(coding)}' is not known");
        }

        while (true)
        {
            string line = await ReadLineAsync(cancellationToken);
            // A chunk may carry extensions behind a semicolon.
            long size = ParseLength(line.Split(';')[0].Trim(), NumberStyles.AllowHexSpecifier);
            if (size == 0)
            {
                break;
            }

            await CopyAsync(size, body, cancellationToken);
            if (await ReadLineAsync(cancellationToken) is { Length: > 0 } rest)
            {
                throw new HttpProtocolException($"a chunk of {size} bytes is followed by '{Shorten(rest)}'");
            }
        }

        await ReadHeadersAsync(cancellationToken);
    }

    private async Task CopyAsync(long count, Stream body, CancellationToken cancellationToken)
    {
        if (body is MemoryStream && body.Length + count > MaxBodyBytes)
        {
            throw new HttpProtocolException($"the reply is longer than {MaxBodyBytes} bytes");
        }

        while (count > 0)
        {
            if (_start == _end)
            {
                await FillAsync(cancellationToken);
            }

            int take = (int)Math.Min(count, _end - _start);
            body.Write(_buffer, _start, take);
            _start += take;
            count -= take;
        }
    }

    private async Task CopyToEndAsync(Stream body, CancellationToken cancellationToken)
    {
        body.Write(_buffer, _start, _end - _start);
        _start = _end = 0;
        for (int read; (read = await _stream.ReadAsync(_buffer, cancellationToken)) > 0;)
        {
            body.Write(_buffer, 0, read);
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end)
            {
                await FillAsync(cancellationToken);
            }

            int newLine = Array.IndexOf(_buffer, (byte)'\n', _start, _end - _start);
            int stop = newLine < 0 ? _end : newLine;
            line.Append(Encoding.Latin1.GetString(_buffer, _start, stop - _start));
            _start = newLine < 0 ? stop : stop + 1;
            if (newLine >= 0)
            {
                return line.ToString().TrimEnd('\r');
            }

            if (line.Length > MaxHeadBytes)
            {
                throw new HttpProtocolException($"a line of the reply is longer than {MaxHeadBytes} bytes");
            }
        }
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        _start = 0;
        _end = 0;
        _end = await _stream.ReadAsync(_buffer, cancellationToken);
        if (_end == 0)
        {
            throw new EndOfStreamException("the connection was closed before the reply was complete");
        }
    }

    private static long ParseLength(string text, NumberStyles style) =>
        long.TryParse(text, style, CultureInfo.InvariantCulture, out long value) && value >= 0
            ? value : throw new HttpProtocolException($"'{Shorten(text)}' is not a length");

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";
}
