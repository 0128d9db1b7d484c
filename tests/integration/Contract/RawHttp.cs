using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>Requests as bytes, so that a test decides about every header; each over a connection of its own.</summary>
internal sealed class RawHttp(IPEndPoint address)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>Sends a request with the usual headers and reads the whole reply.</summary>
    /// <param name="line">Method and path, such as <c>GET /healthz</c>.</param>
    /// <param name="body">Null: no body and <c>Content-Length: 0</c>.</param>
    /// <param name="headers">More headers; one named Host takes the place of the usual one.</param>
    public Task<RawReply> SendAsync(string line, string? body = null, params (string Name, string Value)[] headers) =>
        SendAsync(Encoding.UTF8.GetBytes(Head(line, Encoding.UTF8.GetByteCount(body ?? ""), headers) + body));

    /// <summary>Sends bytes and reads until the server closes or the reply is whole.</summary>
    public async Task<RawReply> SendAsync(byte[] request)
    {
        using Socket socket = await OpenAsync(request);
        return await ReadAsync(socket);
    }

    /// <summary>Sends bytes and leaves after a while, whatever comes.</summary>
    public async Task SendAndLeaveAsync(string line, string? body, TimeSpan after, params (string Name, string Value)[] headers)
    {
        using Socket socket = await OpenAsync(Encoding.UTF8.GetBytes(Head(line, Encoding.UTF8.GetByteCount(body ?? ""), headers) + body));
        await Task.Delay(after);
        socket.LingerState = new LingerOption(true, 0);
    }

    /// <summary>Opens a connection and sends what is given.</summary>
    public async Task<Socket> OpenAsync(byte[] request)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address);
        await socket.SendAsync(request);
        return socket;
    }

    /// <summary>The beginning of a request, up to the empty line.</summary>
    public string Head(string line, long length, params (string Name, string Value)[] headers)
    {
        StringBuilder text = new($"{line} HTTP/1.1\r\n");
        if (!Array.Exists(headers, h => h.Name == "Host"))
        {
            text.Append(CultureInfo.InvariantCulture, $"Host: {address}\r\n");
        }

        foreach ((string name, string value) in headers)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\nConnection: close\r\n\r\n").ToString();
    }

    /// <summary>Reads one reply.</summary>
    public static async Task<RawReply> ReadAsync(Socket socket)
    {
        using MemoryStream bytes = new();
        byte[] buffer = new byte[65_536];
        using CancellationTokenSource limit = new(Patience);
        try
        {
            int read;
            while (!IsWhole(bytes) && (read = await socket.ReceiveAsync(buffer, limit.Token)) > 0)
            {
                bytes.Write(buffer, 0, read);
            }
        }
        catch (SocketException) when (bytes.Length > 0)
        {
            // Closed while we were still sending; what was answered before counts.
        }

        return RawReply.Parse(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    private static bool IsWhole(MemoryStream bytes)
    {
        string text = Encoding.Latin1.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return end > 0 && (RawReply.Parse(text[..(end + 4)]).Header("Content-Length") is { } length
            ? text.Length - end - 4 >= long.Parse(length, CultureInfo.InvariantCulture)
            : text.StartsWith("HTTP/1.1 204", StringComparison.Ordinal) || text.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal));
    }
}

/// <summary>A reply as it came.</summary>
internal sealed record RawReply(int Status, IReadOnlyList<(string Name, string Value)> Headers, string Body)
{
    private JsonObject? _json;

    /// <summary>The body as an object.</summary>
    public JsonObject Json => _json ??= JsonNode.Parse(Body)!.AsObject();

    public string? Code => (string?)Json["code"];

    public string? Error => (string?)Json["error"];

    /// <summary>A header's value; null where it is not there.</summary>
    public string? Header(string name) =>
        Headers.FirstOrDefault(h => string.Equals(h.Name, name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Asserts status and code, and what holds for every error.</summary>
    public RawReply Is(int status, string code)
    {
        Assert.True(status == Status, $"expected {status} {code}, got {Status}: {Body}");
        Assert.Equal(code, Code);
        Assert.Equal("application/json; charset=utf-8", Header("Content-Type"));
        Assert.Equal(Header("X-Request-Id"), (string?)Json["request_id"]);
        if (status is 429 or 503)
        {
            Assert.True(int.Parse(Header("Retry-After")!, CultureInfo.InvariantCulture) > 0);
        }

        return this;
    }

    public static RawReply Parse(string text)
    {
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            throw new InvalidOperationException($"no whole reply: '{text}'");
        }

        string[] lines = text[..end].Split("\r\n");
        (string, string)[] headers = [.. lines.Skip(1).Select(l => l.Split(": ", 2)).Where(p => p.Length == 2).Select(p => (p[0], p[1]))];
        return new RawReply(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, text[(end + 4)..]);
    }
}
